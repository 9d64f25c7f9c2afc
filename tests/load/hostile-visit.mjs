// A tab that opens pages, does all that a reader and a careless script might do with them, and notes what runs.

import { setTimeout as sleep } from 'node:timers/promises';
import { HOME } from './hostile-site.mjs';

/** A page that takes longer, in milliseconds, is given up. */
const PATIENCE = 15_000;

const HEIGHT = 700;

export class Visitor {
  static async of(browser) {
    const visitor = new Visitor();
    // A window of its own, or it would be hidden behind others: nothing is animated or focused there.
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    Object.assign(visitor, { page, context, ran: [], errors: [] });
    await visitor.listen();
    return visitor;
  }

  async listen() {
    const { page, context } = this;
    const note = (what) => this.ran.push(what);
    page.setDefaultTimeout(PATIENCE);
    await page.setViewport({ width: 1000, height: HEIGHT });
    const client = await page.createCDPSession();
    await client.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    await page.exposeFunction('tellRan', (number) => note(`ran ${number}`));
    await page.evaluateOnNewDocument(define);
    page.on('dialog', (dialog) => {
      note(`a dialog says ${dialog.message()}`);
      dialog.accept().catch(() => {});
    });
    page.on('console', (message) => {
      if (/^ran \d+$/.test(message.text())) note(message.text());
      if (/Content Security Policy/.test(message.text())) this.refused = true;
    });
    page.on('pageerror', (error) => this.errors.push(error?.message ?? String(error)));
    context.on('targetcreated', async (target) => {
      if (target.type() !== 'page' || target === page.target()) return;
      note(`a window opens at ${target.url()}`);
      await (await target.page())?.close().catch(() => {});
    });
  }

  /**
   * Opens a page, and if it is to be thorough does with it what can be done. Returns what ran, what could, whether a
   * policy refused something, what the page's own scripts stumbled over, whether it is an article, and the addresses that the page
   * names.
   */
  async visit(url, { wait, isThorough }) {
    const { page } = this;
    this.ran = [];
    this.errors = [];
    this.refused = false;
    const found = { looks: [], errors: [], links: [], status: 0 };
    try {
      const reply = await page.goto(url);
      found.status = reply?.status() ?? 0;
      const here = page.url();
      Object.assign(found, await page.evaluate(look, HOME));
      // What the page's own scripts say from here on is our doing.
      found.errors = this.errors;
      this.errors = [];
      if (isThorough) {
        await page.mouse.move(300, 200);
        await page.mouse.move(500, 420);
        // Beside everything: browsers open windows only for who has clicked.
        await page.mouse.click(2, HEIGHT - 2);
        await page.evaluate(disturb);
        // Written anew it may hold what it did not before.
        const { looks } = await page.evaluate(look, HOME);
        found.looks = [...new Set([...found.looks, ...looks])];
      }
      await sleep(wait);
      if (page.url().replace(/#.*/, '') !== here.replace(/#.*/, '')) this.ran.push(`leads away to ${page.url()}`);
    } catch (error) {
      // A page that leaves while it is looked at has run something; the caller knows whether it may.
      found.trouble = error.message.split('\n')[0];
    }
    return { ...found, ran: [...new Set(this.ran)], refused: this.refused };
  }
}

/** What inputs call, in every document before anything else. */
function define() {
  const ran = (number) => window.tellRan(String(number));
  Object.defineProperty(window, 'ran', { value: ran });
  Object.defineProperty(window, '__ran', { set: ran });
}

/** What in a page could run, and the addresses that it names. */
function look(home) {
  const looks = [];
  const links = new Set();
  // A text is shown in a page of the browser's own.
  if (document.contentType === 'text/plain') return { looks, links: [] };
  if (document.contentType !== 'text/html' && document.querySelector('parsererror')) looks.push('is no XML');
  const foreign = [
    'script', 'style', 'iframe', 'frame', 'object', 'embed', 'svg', 'math', 'form', 'input', 'button', 'select', 'textarea',
    'template', 'base', 'meta', 'link', 'noscript', 'dialog',
  ];
  const isOurs = (url) => url.origin === location.origin || url.origin === home;
  for (const element of document.querySelectorAll('*')) {
    const say = (what) => looks.push(`${element.localName} ${what}`);
    const isBody = element.closest('.body');
    if (isBody && foreign.includes(element.localName)) say('in a body');
    if (isBody && /^ui-/.test(element.id)) say(`takes the id ${element.id}`);
    if (element.localName === 'script' && !element.src && element.type !== 'application/ld+json') say('holds a script');
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) say(`has ${name}`);
      if (/^(style|srcdoc|srcset|formaction|ping|background)$/i.test(name)) say(`has ${name}`);
      if (!/(^|:)(href|src|action|data|poster|cite)$/i.test(name) || !URL.canParse(value, document.baseURI)) continue;
      const url = new URL(value, document.baseURI);
      if (!/^(https?|mailto):$/.test(url.protocol)) say(`leads to ${url.protocol}`);
      if (/(^|:)href$/i.test(name) && isOurs(url)) links.add(url.pathname + url.search);
    }
  }
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    try {
      JSON.parse(script.textContent);
    } catch {
      looks.push('data that is no JSON');
    }
  }
  return { looks, links: [...links], isArticle: document.querySelector('main .body') !== null };
}

/** Touches all that a page shows, then writes it anew in the ways that are known to change what HTML means. */
async function disturb() {
  const EVENTS = {
    PointerEvent: 'pointerover pointerenter pointermove pointerrawupdate pointerdown pointerup',
    MouseEvent: 'mouseover mouseenter mousemove mousedown mouseup mouseout dblclick contextmenu',
    KeyboardEvent: 'keydown keyup',
    WheelEvent: 'wheel',
    DragEvent: 'dragstart',
    ClipboardEvent: 'copy cut paste',
    AnimationEvent: 'animationstart',
    TransitionEvent: 'transitionend',
    Event: 'input change select scroll start finish beforetoggle toggle contentvisibilityautostatechange',
  };
  const GOING_UP = { bubbles: true, cancelable: true, composed: true };
  const events = Object.entries(EVENTS).flatMap(([kind, names]) => names.split(' ').map((name) => [window[kind], name]));
  const moment = () => new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve, 10));
    setTimeout(resolve, 100);
  });
  const attempt = (act) => {
    try {
      return act();
    } catch {
      // One way less.
    }
  };
  const whole = (address) => attempt(() => new URL(address, document.baseURI).href) ?? '';
  const isScript = (address) => /^(javascript|data|vbscript):/.test(whole(address));
  const isHere = (address) => whole(address).startsWith(`${location.href.replace(/#.*/, '')}#`);
  // A reader who follows a link to another page sees that page, which is opened by itself.
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a, area');
    const address = link?.href?.animVal ?? link?.href;
    if (link && !isScript(address) && !isHere(address)) event.preventDefault();
  });
  addEventListener('submit', (event) => {
    const [form, button] = [event.target, event.submitter];
    const address = button?.getAttribute('formaction') ?? form.getAttribute('action') ?? '';
    if (form.getAttribute('method') !== 'dialog' && !isScript(address)) event.preventDefault();
  });
  const click = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (!element.isConnected) continue;
      if (element.localName === 'details') element.open = true;
      // What is no HTML has no `click`.
      attempt(() => (element.click ? element.click() : element.dispatchEvent(new MouseEvent('click', GOING_UP))));
    }
  };
  const touch = (root) => {
    for (const element of root.querySelectorAll('*')) {
      attempt(() => element.focus({ preventScroll: true }));
      for (const [Kind, name] of events) element.dispatchEvent(new Kind(name, GOING_UP));
    }
  };

  const main = document.querySelector('main');
  touch(main);
  click(main);
  main.querySelector('.body')?.scrollIntoView();
  await moment();

  const read = (text, type) => new DOMParser().parseFromString(text, type);
  const before = main.innerHTML;
  const source = await fetch(location.href).then((reply) => reply.text(), () => '');
  for (let time = 0; time < 2; time += 1) main.innerHTML = main.innerHTML;
  const place = document.createElement('div');
  main.after(place);
  const add = (html) => place.append(Object.assign(document.createElement('div'), { innerHTML: html }));
  // A parser without scripts reads `noscript` as markup.
  attempt(() => add(read(source, 'text/html').querySelector('main').innerHTML));
  attempt(() => add(new XMLSerializer().serializeToString(main)));
  const strict = read(new XMLSerializer().serializeToString(main), 'application/xhtml+xml');
  if (!strict.querySelector('parsererror')) place.append(document.importNode(strict.documentElement, true));
  // This one runs scripts.
  attempt(() => {
    const range = document.createRange();
    range.selectNode(main);
    place.append(range.createContextualFragment(before));
  });
  click(place);
  await moment();
}
