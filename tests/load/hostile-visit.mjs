// A browser tab that opens pages, acts like a reader and like a careless script, and records the scripts that run.

import { setTimeout as sleep } from 'node:timers/promises';
import { HOME } from './hostile-site.mjs';

/** The timeout of a page, in milliseconds. */
const TIMEOUT_MS = 15_000;

const HEIGHT = 700;

export class Visitor {
  static async create(browser) {
    const visitor = new Visitor();
    // Each visitor has its own window: Chromium animates and focuses no elements in a hidden one.
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    Object.assign(visitor, { page, context, ran: [], errors: [] });
    await visitor.listen();
    return visitor;
  }

  async listen() {
    const { page, context } = this;
    const record = (event) => this.ran.push(event);
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.setViewport({ width: 1000, height: HEIGHT });
    const client = await page.createCDPSession();
    await client.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    await page.exposeFunction('reportRun', (number) => record(`ran ${number}`));
    await page.evaluateOnNewDocument(define);
    page.on('dialog', (dialog) => {
      record(`opened a dialog: ${dialog.message()}`);
      dialog.accept().catch(() => {});
    });
    page.on('console', (message) => {
      if (/^ran \d+$/.test(message.text())) record(message.text());
      if (/Content Security Policy/.test(message.text())) this.isRefused = true;
    });
    page.on('pageerror', (error) => this.errors.push(error?.message ?? String(error)));
    context.on('targetcreated', async (target) => {
      if (target.type() !== 'page' || target === page.target()) return;
      record(`opened a window: ${target.url()}`);
      await (await target.page())?.close().catch(() => {});
    });
  }

  /**
   * Opens a page, and touches its elements with `isTouched`. Returns the status, `ran`: the scripts that ran, `suspects`:
   * the markup that could run a script, `isRefused`: whether the policy refused a script, `errors`: the errors of the
   * page's own scripts, `isArticle`, `links`: the paths that the page links to, and `failure`: the reason why the visit
   * ended early.
   */
  async visit(url, { wait, isTouched }) {
    const { page } = this;
    this.ran = [];
    this.errors = [];
    this.isRefused = false;
    const result = { suspects: [], errors: [], links: [], status: 0 };
    try {
      const response = await page.goto(url);
      result.status = response?.status() ?? 0;
      const openedUrl = page.url();
      Object.assign(result, await page.evaluate(inspect, HOME));
      // The visitor causes all later errors of the page's own scripts.
      result.errors = this.errors;
      this.errors = [];
      if (isTouched) {
        await page.mouse.move(300, 200);
        await page.mouse.move(500, 420);
        // A click beside all elements: browsers open windows only after a click.
        await page.mouse.click(2, HEIGHT - 2);
        await page.evaluate(touchPage);
        // The rewritten page can contain other elements than before.
        const { suspects } = await page.evaluate(inspect, HOME);
        result.suspects = [...new Set([...result.suspects, ...suspects])];
      }
      await sleep(wait);
      if (page.url().replace(/#.*/, '') !== openedUrl.replace(/#.*/, '')) this.ran.push(`navigated to ${page.url()}`);
    } catch (error) {
      // A page that navigates during the visit has run a script; the caller decides whether that is a failure.
      result.failure = error.message.split('\n')[0];
    }
    return { ...result, ran: [...new Set(this.ran)], isRefused: this.isRefused };
  }
}

/** Defines the functions that inputs call, in every document before its scripts. */
function define() {
  const ran = (number) => window.reportRun(String(number));
  Object.defineProperty(window, 'ran', { value: ran });
  Object.defineProperty(window, '__ran', { set: ran });
}

/** Lists the markup of the page that could run a script, and the paths of its links. */
function inspect(home) {
  const suspects = [];
  const links = new Set();
  // The browser shows plain text in a document of its own.
  if (document.contentType === 'text/plain') return { suspects, links: [] };
  if (document.contentType !== 'text/html' && document.querySelector('parsererror')) suspects.push('the page is invalid XML');
  const foreign = [
    'script', 'style', 'iframe', 'frame', 'object', 'embed', 'svg', 'math', 'form', 'input', 'button', 'select', 'textarea',
    'template', 'base', 'meta', 'link', 'noscript', 'dialog',
  ];
  const isOwn = (url) => url.origin === location.origin || url.origin === home;
  for (const element of document.querySelectorAll('*')) {
    const report = (reason) => suspects.push(`${element.localName} ${reason}`);
    const isInBody = element.closest('.body');
    if (isInBody && foreign.includes(element.localName)) report('in a body');
    if (isInBody && /^ui-/.test(element.id)) report(`has the reserved id ${element.id}`);
    if (element.localName === 'script' && !element.src && element.type !== 'application/ld+json') report('contains a script');
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) report(`has ${name}`);
      if (/^(style|srcdoc|srcset|formaction|ping|background)$/i.test(name)) report(`has ${name}`);
      if (!/(^|:)(href|src|action|data|poster|cite)$/i.test(name) || !URL.canParse(value, document.baseURI)) continue;
      const url = new URL(value, document.baseURI);
      if (!/^(https?|mailto):$/.test(url.protocol)) report(`links to ${url.protocol}`);
      if (/(^|:)href$/i.test(name) && isOwn(url)) links.add(url.pathname + url.search);
    }
  }
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    try {
      JSON.parse(script.textContent);
    } catch {
      suspects.push('invalid JSON-LD');
    }
  }
  return { suspects, links: [...links], isArticle: document.querySelector('main .body') !== null };
}

/** Sends events to all elements of the page, then rewrites it in the ways that are known to change the meaning of HTML. */
async function touchPage() {
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
  const BUBBLING = { bubbles: true, cancelable: true, composed: true };
  const events = Object.entries(EVENTS).flatMap(([kind, names]) => names.split(' ').map((name) => [window[kind], name]));
  const nextFrame = () => new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve, 10));
    setTimeout(resolve, 100);
  });
  const attempt = (act) => {
    try {
      return act();
    } catch {
      // The browser refuses this way.
    }
  };
  const absolute = (url) => attempt(() => new URL(url, document.baseURI).href) ?? '';
  const isScript = (url) => /^(javascript|data|vbscript):/.test(absolute(url));
  const isSamePage = (url) => absolute(url).startsWith(`${location.href.replace(/#.*/, '')}#`);
  // Links and forms lead to other pages, which the check opens separately.
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a, area');
    const url = link?.href?.animVal ?? link?.href;
    if (link && !isScript(url) && !isSamePage(url)) event.preventDefault();
  });
  addEventListener('submit', (event) => {
    const [form, button] = [event.target, event.submitter];
    const url = button?.getAttribute('formaction') ?? form.getAttribute('action') ?? '';
    if (form.getAttribute('method') !== 'dialog' && !isScript(url)) event.preventDefault();
  });
  const click = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (!element.isConnected) continue;
      if (element.localName === 'details') element.open = true;
      // SVG and MathML elements have no `click`.
      attempt(() => (element.click ? element.click() : element.dispatchEvent(new MouseEvent('click', BUBBLING))));
    }
  };
  const touch = (root) => {
    for (const element of root.querySelectorAll('*')) {
      attempt(() => element.focus({ preventScroll: true }));
      for (const [Kind, name] of events) element.dispatchEvent(new Kind(name, BUBBLING));
    }
  };

  const main = document.querySelector('main');
  touch(main);
  click(main);
  main.querySelector('.body')?.scrollIntoView();
  await nextFrame();

  const parse = (text, type) => new DOMParser().parseFromString(text, type);
  const before = main.innerHTML;
  const source = await fetch(location.href).then((response) => response.text(), () => '');
  for (let count = 0; count < 2; count += 1) main.innerHTML = main.innerHTML;
  const container = document.createElement('div');
  main.after(container);
  const add = (html) => container.append(Object.assign(document.createElement('div'), { innerHTML: html }));
  // A parser without scripts treats the content of `noscript` as markup.
  attempt(() => add(parse(source, 'text/html').querySelector('main').innerHTML));
  attempt(() => add(new XMLSerializer().serializeToString(main)));
  const xhtml = parse(new XMLSerializer().serializeToString(main), 'application/xhtml+xml');
  if (!xhtml.querySelector('parsererror')) container.append(document.importNode(xhtml.documentElement, true));
  // This way runs scripts.
  attempt(() => {
    const range = document.createRange();
    range.selectNode(main);
    container.append(range.createContextualFragment(before));
  });
  click(container);
  await nextFrame();
}
