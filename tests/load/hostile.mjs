// Opens hostile posts in a browser that may run their scripts, and reports all scripts that run:
//
//   controls   inputs that Chromium runs, on a page without cleaning. Each must run, or the check would see no script
//   policy     the same inputs under finews's own policy. No script may run: the policy is the second defence
//   pages      the article of every input, and all other pages with a part of an input: lists, feeds, searches, sources,
//              404 pages, the list of problems. The check also touches articles whose input has more than a plain body
//   sheets     every body, many to a page and touched, from two sites. The second site has all bodies in Markdown files
//              and images of other hosts as links. Each sheet ends with a control
//
// Pages and sheets have a policy that allows every script, so that only the cleaning protects the reader. On a touched
// page the check hovers over all elements, focuses and clicks them, parses the page again and writes it back.
//
// It needs Node 20, Debian's chromium on the PATH, and the packages of `tests/browser`. From the root:
//
//   npm install --prefix tests/browser
//   node tests/load/hostile.mjs --finews target/debug/finews
//        [--whole]  runs all controls and touches every article, not a sample
//        [--mark]   only prints the inputs that this Chromium runs without cleaning, for `runs` in hostile.json
//
// It prints a line for each failure and a summary. The exit code is 1 if a script ran, or if a control did not.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from '../browser/browser.mjs';
import { Site } from '../browser/site.mjs';
import { Proxy } from './hostile-proxy.mjs';
import { encode, readInputs, stem, writeSite } from './hostile-site.mjs';
import { Visitor } from './hostile-visit.mjs';

/** The number of pages that are open at a time. */
const VISITORS = 4;

/** The smallest numbers of controls that run, and of inputs with a script that the policy refuses. */
const MIN_CONTROLS = 25;
const MIN_REFUSED = 10;

/** The wait for late scripts, in milliseconds, and the longer waits of further attempts with a control. */
const WAIT_MS = 120;
const LONGER_WAITS_MS = [600, 2_500];

/** The number of bodies on a sheet. */
const SHEET_BODIES = 25;

/** The check touches every nth article with a plain body by itself, and the others only on a sheet. */
const TOUCHED_INTERVAL = 8;

/** The number that the control of a sheet reports; no input has it. */
const CONTROL = 1_000_000;

/** The largest number of pages. More pages would mean an endless chain of links. */
const MAX_PAGES = 3_000;

/** The timeout of the whole check, in milliseconds. */
const TIMEOUT_MS = 10 * 60_000;

/** Paths that no other page links to. */
const PATHS = [
  '/', '/feed.xml', '/feed.json', '/sitemap.xml', '/news-sitemap.xml', '/manifest.webmanifest', '/robots.txt',
  '/archive/', '/archive/index.json', '/tag/', '/category/', '/stock/', '/2026/', '/2026/01/', '/own.html',
];

async function main() {
  const { finews, mark, whole } = options();
  setTimeout(abort, TIMEOUT_MS).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

  const all = await readInputs();
  // The first site shows images of other hosts. The second site links to them, and has all bodies in Markdown files.
  const folders = [await writeSite(all, { images: 'show' }), await writeSite(all, { images: 'click', markdown: true })];
  const sites = [];
  const browser = await launch();
  try {
    for (const folder of folders) sites.push(await Site.serve(finews, folder));
    await Promise.all(sites.map((site) => site.searchable()));
    const visitors = await Promise.all(Array.from({ length: VISITORS }, () => Visitor.create(browser)));
    const check = new Check(all, visitors, whole);
    const [site, other] = sites;
    if (mark) return await check.mark(site);
    await check.controls(site);
    await check.policy(site);
    await check.pages(site);
    await check.problems(site);
    await check.sheets(site);
    await check.sheets(other);
    process.exitCode = check.print() ? 0 : 1;
  } finally {
    await browser.close();
    await Promise.all(sites.map((site) => site.stop()));
  }
}

class Check {
  constructor(all, visitors, isWhole) {
    const bodies = all.filter(({ query }) => query === undefined);
    Object.assign(this, { all, bodies, visitors, isWhole, failures: [], controlInputs: [], controlsRan: 0, opened: 0, ran: 0 });
  }

  /** The inputs that run without cleaning, or every nth of them. */
  running(interval) {
    const running = this.all.filter(({ runs }) => runs);
    return this.isWhole ? running : running.filter((_, at) => at % interval === 0);
  }

  /** Asserts that the inputs run without cleaning. */
  async controls(site) {
    const proxy = await Proxy.create(site);
    this.controlInputs = this.running(4);
    await this.each(this.controlInputs, async (visitor, input) => {
      if (await this.runsUncleaned(visitor, proxy, input)) this.controlsRan += 1;
      else this.fail(`control ${input.label}: did not run`);
    });
    if (this.controlsRan < MIN_CONTROLS) this.fail(`only ${this.controlsRan} controls ran, fewer than ${MIN_CONTROLS}`);
  }

  /** Whether an input runs without cleaning. A busy machine may need a longer wait. */
  async runsUncleaned(visitor, proxy, input) {
    const url = proxy.page(encode(input, input.raw), { charset: input.charset });
    for (const wait of [WAIT_MS, ...LONGER_WAITS_MS]) {
      const { ran } = await visitor.visit(url, { wait, isTouched: true });
      if (ran.length > 0 || proxy.requested.has(input.number)) return true;
    }
    return false;
  }

  /** Asserts that no input runs under finews's policy. A request alone, such as one for an image of this site, is allowed. */
  async policy(site) {
    const proxy = await Proxy.create(site);
    let refused = 0;
    await this.each(this.running(12), async (visitor, input) => {
      const url = proxy.page(encode(input, input.raw), { charset: input.charset, hasPolicy: true });
      const result = await visitor.visit(url, { wait: WAIT_MS, isTouched: true });
      if (result.status !== 200) this.fail(`policy ${input.label}: the page did not open`);
      for (const event of result.ran) this.failRun(`policy ${input.label}: ${event}`);
      if (result.isRefused) refused += 1;
    });
    if (refused < MIN_REFUSED) this.fail(`the policy refused scripts of only ${refused} inputs, fewer than ${MIN_REFUSED}`);
  }

  /** Opens every page of a site: articles and their sources, searches, and all lists that they link to. */
  async pages(site) {
    const proxy = await Proxy.create(site);
    const labels = this.labels(site);
    await this.sources(site, labels);
    const sources = [...labels.keys()].filter((_, at) => at % 20 === 0).map(sourceOf);
    const touched = this.touched(labels);
    const queue = [...labels.keys(), ...sources, ...this.searches(), ...PATHS];
    const known = new Set(queue);
    await this.each(queue, async (visitor, path) => {
      const result = await this.open(visitor, proxy.origin + path, labels.get(path) ?? path, touched.has(path));
      // A missing article would run no script.
      if (labels.has(path) && !(result.status === 200 && result.isArticle)) {
        this.fail(`${labels.get(path)}: the article has the status ${result.status}, or no body`);
      }
      for (const link of result.links.filter((link) => isList(link) && !known.has(link))) {
        known.add(link);
        queue.push(link);
      }
      if (queue.length > MAX_PAGES) throw new Error(`pages link to more than ${MAX_PAGES} others`);
    });
    this.reportRequested(proxy);
  }

  /** Opens the operator's list of problems, and the list of each kind of problem. */
  async problems(site) {
    const proxy = await Proxy.create(site, site.admin);
    const visitor = this.visitors[0];
    const { links, status } = await this.open(visitor, `${proxy.origin}/`, 'the list of problems', true);
    const kinds = links.filter((link) => link.startsWith('/problems?'));
    if (status !== 200 || kinds.length === 0) this.fail(`the list of problems has the status ${status} and ${kinds.length} kinds`);
    for (const path of kinds) await this.open(visitor, proxy.origin + path, path, true);
    this.reportRequested(proxy);
  }

  /** The articles to touch: those of inputs with more than a plain body, and some others. */
  touched(labels) {
    const special = new Set(this.bodies.filter(isSpecial).map(({ label }) => label));
    const chosen = [...labels].filter(([, label], at) => this.isWhole || special.has(label) || at % TOUCHED_INTERVAL === 0);
    return new Set(chosen.map(([url]) => url));
  }

  /** Opens every body of a site, many to a page. After a failure it opens the bodies one by one, to find the cause. */
  async sheets(site) {
    const proxy = await Proxy.create(site);
    const labels = [...this.labels(site)];
    const sheets = [];
    while (labels.length > 0) sheets.push(labels.splice(0, SHEET_BODIES));
    await this.each(sheets, async (visitor, sheet) => {
      const bodies = await Promise.all(sheet.map(([url]) => proxy.bodyOf(url)));
      const before = this.failures.length;
      await this.openSheet(visitor, proxy, bodies, `sheet from ${sheet[0][1]} to ${sheet.at(-1)[1]}`);
      if (this.failures.length === before) return;
      for (const [at, body] of bodies.entries()) {
        await this.openSheet(visitor, proxy, [body], `sheet with only ${sheet[at][1]}`);
      }
    });
    this.reportRequested(proxy);
  }

  /** Opens bodies on one page. The control after them must run: it shows that no body hides the bodies after it. */
  async openSheet(visitor, proxy, bodies, label) {
    const parts = bodies.map((body) => `<div class="body">${body}</div>`);
    const url = proxy.page(Buffer.from([...parts, `<x-control onpointerover="ran(${CONTROL})"></x-control>`].join('\n')));
    const { expected } = await this.open(visitor, url, label, true, [`ran ${CONTROL}`, 'x-control has onpointerover']);
    if (expected < 2) this.fail(`${label}: the control at the end of the sheet did not run`);
  }

  /** Opens a page and reports all scripts that run and all markup that could run one, except the expected ones. */
  async open(visitor, url, label, isTouched, expected = []) {
    const result = await visitor.visit(url, { wait: WAIT_MS, isTouched });
    const isExpected = (event) => expected.includes(event);
    const count = [...result.ran, ...result.suspects].filter(isExpected).length;
    result.ran = result.ran.filter((event) => !isExpected(event));
    result.suspects = result.suspects.filter((event) => !isExpected(event));
    for (const event of result.ran) this.failRun(`${label}: ${event}`);
    for (const suspect of result.suspects) this.fail(`${label}: ${suspect}`);
    for (const error of result.errors) this.fail(`${label}: a script of the page fails: ${error}`);
    if (result.failure) this.fail(`${label}: ${result.failure}`);
    else if (result.status < 200 || result.status >= 500) this.fail(`${label}: status ${result.status}`);
    this.opened += 1;
    return { ...result, expected: count };
  }

  reportRequested(proxy) {
    for (const number of proxy.requested) this.failRun(`${this.all[number - 1].label}: the browser requested its canary`);
  }

  /** Asserts that sources are plain text, whatever a browser could guess. `pages` also opens some of them. */
  async sources(site, labels) {
    for (const [url, label] of labels) {
      const response = await fetch(site.url(sourceOf(url)));
      await response.arrayBuffer();
      const { 'content-type': type, 'x-content-type-options': options } = Object.fromEntries(response.headers);
      if (response.status !== 200 || type !== 'text/plain; charset=utf-8' || options !== 'nosniff') {
        this.fail(`${label}: the source has ${response.status} ${type} ${options}`);
      }
    }
  }

  /** The labels of inputs by the URL path of their article. Each input with a body must have an article. */
  labels(site) {
    const articles = new Map(site.articles.map(({ path, url }) => [path.replace(/^_posts\/|\.\w+$/g, ''), url]));
    const labels = new Map();
    for (const input of this.bodies) {
      const url = articles.get(stem(input));
      if (url) labels.set(url, input.label);
      else this.fail(`${input.label}: no article`);
    }
    return labels;
  }

  /** The search of each query and of a common word, and one other URL with it. */
  searches() {
    const queries = [...this.all.flatMap(({ query }) => query ?? []), 'onerror', 'onerror script'].map(encodeURIComponent);
    return queries.flatMap((query, at) => [`/search?q=${query}`, [
      `/search.xml?q=${query}`,
      `/search?q=onerror&source=${query}&month=${query}&order=${query}`,
      `/search.json?q=${query}`,
      `/stock/?q=${query}`,
      `/search/suggest?q=${query}`,
      `/${query}/2026/01/11/${query}.html`,
    ][at % 6]]);
  }

  /** Prints the inputs that run without cleaning. */
  async mark(site) {
    const proxy = await Proxy.create(site);
    const ran = [];
    const bodies = this.all.filter(({ raw }) => raw !== undefined);
    await this.each(bodies, async (visitor, input) => {
      if (await this.runsUncleaned(visitor, proxy, input)) ran.push(input);
    });
    ran.sort((a, b) => a.number - b.number);
    for (const { group, name } of ran) console.log(JSON.stringify([group, name]));
  }

  /** Calls a function for each item of a list, with all visitors in parallel. The function may add items. */
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

  /** Prints the failures and a summary. Returns whether there is no failure. */
  print() {
    for (const failure of new Set(this.failures)) console.log(failure);
    const controls = `controls: ${this.controlsRan} of ${this.controlInputs.length} ran`;
    console.log(`${this.bodies.length} bodies, ${this.opened} pages, ${controls}; with cleaning or policy: ${this.ran} ran`);
    return this.failures.length === 0;
  }
}

/** Whether an input has more than a plain body: front matter, a file name, a whole file, or bytes of a charset. */
function isSpecial({ front, slug, file, bytes, charset }) {
  return [front, slug, file, bytes, charset].some((part) => part !== undefined);
}

function sourceOf(url) {
  return url.replace(/\.html$/, '.md');
}

/** Whether a link leads to a list of posts, or a feed. Browsers do not show the OpenSearch description. */
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

function abort() {
  console.error(`timeout after ${TIMEOUT_MS} ms`);
  process.exit(1);
}

await main();
