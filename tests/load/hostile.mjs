// Opens hostile bodies in a browser that is allowed to run them, and reports all that runs:
//
//   controls   inputs that Chromium runs, on a page without cleaning: each must run, or the check would see nothing
//   held       the same under finews's own policy: none may run, so the policy is a second defence
//   pages      the article of every input, and all other pages that show a part of one: lists, feeds, searches, sources,
//              404 pages, the list of problems. Articles of inputs with more than a plain body are also touched
//   sheets     every body, many to a page and touched, from two sites: as it is, and with bodies of HTML read as Markdown
//              and images at other hosts as links. A control ends each sheet
//
// Pages and sheets are opened under a policy that allows every script, so that only the cleaning stands between the inputs
// and the reader. A touched page is hovered over, focused, clicked on, parsed again and written back.
//
// It needs Node 20, Debian's chromium on the PATH, and what `npm install` puts in `tests/browser`. From the root:
//
//   npm install --prefix tests/browser
//   node tests/load/hostile.mjs --finews target/debug/finews
//        [--whole]  runs all controls and touches every article, not some of each kind
//        [--mark]   only print the inputs that this Chromium runs uncleaned, for `fires` in hostile.json
//
// It prints a line for all that is wrong and a summary, and ends with 1 if anything ran, or a control did not.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from '../browser/browser.mjs';
import { Site } from '../browser/site.mjs';
import { Proxy } from './hostile-proxy.mjs';
import { encoded, inputs, layOut, stem } from './hostile-site.mjs';
import { Visitor } from './hostile-visit.mjs';

/** Pages that are open at a time. */
const VISITORS = 4;

/** Fewer controls prove little, and so do fewer that the policy refuses. */
const LEAST_CONTROLS = 25;
const LEAST_REFUSED = 10;

/** How long what runs late is waited for, in milliseconds. A control that has not run by then is given longer. */
const WAIT = 120;
const LONGER_WAITS = [600, 2_500];

/** Bodies that one sheet holds. */
const A_SHEET = 25;

/** Of the articles with a plain body, one in this number is touched by itself, not only on a sheet. */
const ONE_IN = 8;

/** The number that the control of a sheet reports; no input has it. */
const CONTROL = 1_000_000;

/** More pages than this would be a circle. */
const MOST_PAGES = 3_000;

/** Nothing takes longer, in milliseconds. */
const PATIENCE = 10 * 60_000;

/** Addresses that no page leads to. */
const ADDRESSES = [
  '/', '/feed.xml', '/feed.json', '/sitemap.xml', '/news-sitemap.xml', '/manifest.webmanifest', '/robots.txt',
  '/archive/', '/archive/index.json', '/tag/', '/category/', '/stock/', '/2026/', '/2026/01/', '/own.html',
];

async function main() {
  const { finews, mark, whole } = options();
  setTimeout(giveUp, PATIENCE).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

  const all = await inputs();
  // Images at other hosts are shown in one, and in the other become links; bodies of HTML are read as Markdown there.
  const folders = [await layOut(all, { images: 'show' }), await layOut(all, { images: 'click', markdown: true })];
  const sites = [];
  const browser = await launch();
  try {
    for (const folder of folders) sites.push(await Site.serve(finews, folder));
    await Promise.all(sites.map((site) => site.searchable()));
    const visitors = await Promise.all(Array.from({ length: VISITORS }, () => Visitor.of(browser)));
    const check = new Check(all, visitors, whole);
    const [site, other] = sites;
    if (mark) return await check.mark(site);
    await check.controls(site);
    await check.held(site);
    await check.pages(site);
    await check.owner(site);
    await check.sheets(site);
    await check.sheets(other);
    process.exitCode = check.print() ? 0 : 1;
  } finally {
    await browser.close();
    await Promise.all(sites.map((site) => site.end()));
  }
}

class Check {
  constructor(all, visitors, isWhole) {
    const bodies = all.filter(({ asked }) => asked === undefined);
    Object.assign(this, { all, bodies, visitors, isWhole, failures: [], controlled: [], fired: 0, opened: 0, ran: 0 });
  }

  /** The inputs that must run uncleaned, or some of each kind. */
  marked(every) {
    const marked = this.all.filter(({ fires }) => fires);
    return this.isWhole ? marked : marked.filter((_, at) => at % every === 0);
  }

  /** Inputs that Chromium runs do run where nothing cleans them. */
  async controls(site) {
    const proxy = await Proxy.of(site);
    this.controlled = this.marked(4);
    await this.each(this.controlled, async (visitor, input) => {
      if (await this.runs(visitor, proxy, input)) this.fired += 1;
      else this.fail(`control ${input.label}: did not run`);
    });
    if (this.fired < LEAST_CONTROLS) this.fail(`only ${this.fired} controls ran of at least ${LEAST_CONTROLS}`);
  }

  /** Whether an input runs uncleaned, on a machine that may be busy. */
  async runs(visitor, proxy, input) {
    const url = proxy.page(encoded(input, input.raw), { charset: input.charset });
    for (const wait of [WAIT, ...LONGER_WAITS]) {
      const { ran } = await visitor.visit(url, { wait, isThorough: true });
      if (ran.length > 0 || proxy.asked.has(input.number)) return true;
    }
    return false;
  }

  /** None runs under finews's policy. What is only asked for, such as an image of this site, is no script. */
  async held(site) {
    const proxy = await Proxy.of(site);
    let refused = 0;
    await this.each(this.marked(12), async (visitor, input) => {
      const url = proxy.page(encoded(input, input.raw), { charset: input.charset, isHeld: true });
      const found = await visitor.visit(url, { wait: WAIT, isThorough: true });
      if (found.status !== 200) this.fail(`held ${input.label}: could not be opened`);
      for (const what of found.ran) this.failRun(`held ${input.label}: ${what}`);
      if (found.refused) refused += 1;
    });
    if (refused < LEAST_REFUSED) this.fail(`the policy refused only ${refused} of at least ${LEAST_REFUSED}`);
  }

  /** Every page of a site: articles and their sources, searches, and all lists that they lead to. */
  async pages(site) {
    const proxy = await Proxy.of(site);
    const labels = this.labels(site);
    await this.sources(site, labels);
    const sources = [...labels.keys()].filter((_, at) => at % 20 === 0).map(sourceOf);
    const touched = this.touched(labels);
    const queue = [...labels.keys(), ...sources, ...this.searches(), ...ADDRESSES];
    const known = new Set(queue);
    await this.each(queue, async (visitor, path) => {
      const found = await this.open(visitor, proxy.origin + path, labels.get(path) ?? path, touched.has(path));
      // One that could not be made would have nothing that runs.
      if (labels.has(path) && !(found.status === 200 && found.isArticle)) {
        this.fail(`${labels.get(path)}: its article is ${found.status}, or has no body`);
      }
      for (const link of found.links.filter((link) => isList(link) && !known.has(link))) {
        known.add(link);
        queue.push(link);
      }
      if (queue.length > MOST_PAGES) throw new Error(`pages lead to more than ${MOST_PAGES} others`);
    });
    this.noteAsked(proxy);
  }

  /** What the owner reads about the files, all of it and each kind. */
  async owner(site) {
    const proxy = await Proxy.of(site, site.owner);
    const visitor = this.visitors[0];
    const { links, status } = await this.open(visitor, `${proxy.origin}/`, "the owner's page", true);
    const kinds = links.filter((link) => link.startsWith('/problems?'));
    if (status !== 200 || kinds.length === 0) this.fail(`the owner's page is ${status} and names no problem`);
    for (const path of kinds) await this.open(visitor, proxy.origin + path, path, true);
    this.noteAsked(proxy);
  }

  /** The articles that are touched as well as opened: those of inputs with more than a plain body, and some others. */
  touched(labels) {
    const special = new Set(this.bodies.filter(isSpecial).map(({ label }) => label));
    const chosen = [...labels].filter(([, label], at) => this.isWhole || special.has(label) || at % ONE_IN === 0);
    return new Set(chosen.map(([url]) => url));
  }

  /** Every body of a site, many to a page. If a sheet fails, its bodies are opened one by one to name the culprit. */
  async sheets(site) {
    const proxy = await Proxy.of(site);
    const labels = [...this.labels(site)];
    const sheets = [];
    while (labels.length > 0) sheets.push(labels.splice(0, A_SHEET));
    await this.each(sheets, async (visitor, sheet) => {
      const bodies = await Promise.all(sheet.map(([url]) => proxy.bodyOf(url)));
      const before = this.failures.length;
      await this.openSheet(visitor, proxy, bodies, `those from ${sheet[0][1]} to ${sheet.at(-1)[1]}`);
      if (this.failures.length === before) return;
      for (const [at, body] of bodies.entries()) {
        await this.openSheet(visitor, proxy, [body], `alone: ${sheet[at][1]}`);
      }
    });
    this.noteAsked(proxy);
  }

  /** Opens bodies on one page. A control behind them must run: it shows that no body hides those after it. */
  async openSheet(visitor, proxy, bodies, label) {
    const parts = bodies.map((body) => `<div class="body">${body}</div>`);
    const url = proxy.page(Buffer.from([...parts, `<x-control onpointerover="ran(${CONTROL})"></x-control>`].join('\n')));
    const { expected } = await this.open(visitor, url, label, true, [`ran ${CONTROL}`, 'x-control has onpointerover']);
    if (expected < 2) this.fail(`${label}: the control at the end of the sheet did not run`);
  }

  /** Opens a page and reports all that runs or could run in it, but for what is expected, which is counted. */
  async open(visitor, url, label, isThorough, expected = []) {
    const found = await visitor.visit(url, { wait: WAIT, isThorough });
    const isExpected = (what) => expected.includes(what);
    const met = [...found.ran, ...found.looks].filter(isExpected).length;
    found.ran = found.ran.filter((what) => !isExpected(what));
    found.looks = found.looks.filter((what) => !isExpected(what));
    for (const what of found.ran) this.failRun(`${label}: ${what}`);
    for (const what of found.looks) this.fail(`${label}: ${what}`);
    for (const what of found.errors) this.fail(`${label}: a script of the page fails: ${what}`);
    if (found.trouble) this.fail(`${label}: ${found.trouble}`);
    else if (found.status < 200 || found.status >= 500) this.fail(`${label}: is answered ${found.status}`);
    this.opened += 1;
    return { ...found, expected: met };
  }

  noteAsked(proxy) {
    for (const number of proxy.asked) this.failRun(`${this.all[number - 1].label}: its canary was asked for`);
  }

  /** Sources are text, and no browser may guess otherwise: a few are opened as well. */
  async sources(site, labels) {
    for (const [url, label] of labels) {
      const reply = await fetch(site.url(sourceOf(url)));
      await reply.arrayBuffer();
      const { 'content-type': type, 'x-content-type-options': options } = Object.fromEntries(reply.headers);
      if (reply.status !== 200 || type !== 'text/plain; charset=utf-8' || options !== 'nosniff') {
        this.fail(`${label}: its source is ${reply.status} ${type} ${options}`);
      }
    }
  }

  /** What the article of each input is called, by its address. Each input that is a body must have one. */
  labels(site) {
    const articles = new Map(site.articles.map(({ path, url }) => [path.replace(/^_posts\/|\.\w+$/g, ''), url]));
    const labels = new Map();
    for (const input of this.bodies) {
      const url = articles.get(stem(input));
      if (url) labels.set(url, input.label);
      else this.fail(`${input.label}: has no article`);
    }
    return labels;
  }

  /** Each query, and a word that many inputs have, asked of the search and of one more each. */
  searches() {
    const queries = [...this.all.flatMap(({ asked }) => asked ?? []), 'onerror', 'onerror script'].map(encodeURIComponent);
    return queries.flatMap((query, at) => [`/search?q=${query}`, [
      `/search.xml?q=${query}`,
      `/search?q=onerror&source=${query}&month=${query}&order=${query}`,
      `/search.json?q=${query}`,
      `/stock/?q=${query}`,
      `/search/suggest?q=${query}`,
      `/${query}/2026/01/11/${query}.html`,
    ][at % 6]]);
  }

  /** Prints the inputs that run uncleaned. */
  async mark(site) {
    const proxy = await Proxy.of(site);
    const ran = [];
    const bodies = this.all.filter(({ raw }) => raw !== undefined);
    await this.each(bodies, async (visitor, input) => {
      if (await this.runs(visitor, proxy, input)) ran.push(input);
    });
    ran.sort((a, b) => a.number - b.number);
    for (const { group, name } of ran) console.log(JSON.stringify([group, name]));
  }

  /** Does something with each of a list, which may grow meanwhile, as many at a time as there are visitors. */
  async each(list, act) {
    let at = 0;
    let running = 0;
    const work = async (visitor) => {
      while (at < list.length || running > 0) {
        if (at === list.length) {
          await sleep(10);
          continue;
        }
        const next = list[at];
        at += 1;
        running += 1;
        await act(visitor, next).finally(() => (running -= 1));
      }
    };
    await Promise.all(this.visitors.map(work));
  }

  fail(text) {
    this.failures.push(text);
  }

  failRun(text) {
    this.ran += 1;
    this.fail(text);
  }

  /** Prints what is wrong, and says whether nothing is. */
  print() {
    for (const failure of new Set(this.failures)) console.log(failure);
    const controls = `${this.fired} of ${this.controlled.length} controls fired`;
    console.log(`${this.bodies.length} bodies, ${this.opened} pages, ${controls}, ${this.ran} ran`);
    return this.failures.length === 0;
  }
}

/** Whether an input has a part beside a plain body: front matter, a name, a whole file, or bytes of a charset. */
function isSpecial({ front, slug, file, bytes, charset }) {
  return [front, slug, file, bytes, charset].some((part) => part !== undefined);
}

function sourceOf(url) {
  return url.replace(/\.html$/, '.md');
}

/** Whether a link leads to a list of posts, or a feed. What says how to search is saved by browsers, not shown. */
function isList(link) {
  const shapes = [/^\/(category|tag|stock|board|feed|sitemap)\/.*$/, /^\/\d{4}\/(\d\d\/){0,2}(\d+\/)?$/, /^\/[\w-]+\.(xml|json)(\?page=\d+)?$/];
  return link !== '/opensearch.xml' && shapes.some((shape) => shape.test(link));
}

function options() {
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({ options: { finews: { type: 'string' }, whole: flag, mark: flag } });
  if (!values.finews) throw new Error('--finews PATH is needed');
  return values;
}

function giveUp() {
  console.error('this takes too long');
  process.exit(1);
}

await main();
