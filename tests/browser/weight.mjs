// The first visit of a reader: bytes, requests to other hosts, layout shifts, elements that are too wide.

import { setTimeout as sleep } from 'node:timers/promises';
import { SCREENS, withPage } from './browser.mjs';

/** The largest size of a first visit to an article, in transferred bytes with headers. */
const MAX_BYTES = 30_000;

/** The window widths that every page must fit. */
const WIDTHS = [360, 768, 1440];

/** The wait for late changes of a page, in milliseconds. */
const LATE_MS = 500;

/** Visits a page on every screen with an empty cache. */
export async function firstVisit(browser, url, kind) {
  const visits = await Promise.all(SCREENS.map((screen) => withPage(browser, screen, (page) => visit(page, url, kind))));
  const cells = {
    bytes: Math.max(...visits.map(({ bytes }) => bytes)),
    CLS: Number(Math.max(...visits.map(({ shifts }) => sum(shifts.map(({ value }) => value)))).toPrecision(2)),
    otherHosts: sum(visits.map(({ otherHosts }) => otherHosts.length)),
    tooWide: sum(visits.map(({ tooWide }) => tooWide.length)),
    console: sum(visits.map(({ errors }) => errors.length)),
  };
  const failures = visits.flatMap(({ shifts, otherHosts, errors }, i) => [
    ...shifts.map(({ value, details }) => `layout shift ${value}: ${details}`),
    ...otherHosts.map((url) => `request to another host: ${url}`),
    ...errors.map((error) => `console: ${error}`),
  ].map((failure) => `width ${SCREENS[i].width}: ${failure}`));
  failures.push(...visits.flatMap(({ tooWide }) => tooWide));
  if (kind.startsWith('article') && cells.bytes > MAX_BYTES) failures.push(`${cells.bytes} bytes, more than ${MAX_BYTES}`);
  return { cells, failures };
}

async function visit(page, url, kind) {
  const { origin } = new URL(url);
  const requests = await listenToNetwork(page);
  const errors = listenToConsole(page);
  await page.evaluateOnNewDocument(watchShifts);
  await page.goto(url);
  // Chromium reports no event for its own request of the icon, so the page fetches the icon again.
  await page.evaluate(() => Promise.all([...document.querySelectorAll('link[rel~=icon], link[rel=manifest]')].map(
    (link) => fetch(link.href).then((response) => response.arrayBuffer()),
  )));
  // A late shift above the window does not move the visible part, so the check waits before and after it scrolls.
  await sleep(LATE_MS);
  await page.evaluate(scrollDown);
  await sleep(LATE_MS);

  const pictures = await page.$$eval('.body img', (images) => images.flatMap(({ src, currentSrc }) => [src, currentSrc]));
  const isPicture = (url) => new URL(url).origin !== origin && pictures.includes(url);
  const all = [...requests.values()].filter(({ url }) => url.startsWith('http'));
  const own = all.filter(({ url }) => new URL(url).origin === origin);
  if (!own.some(({ bytes }) => bytes > 0)) throw new Error('no byte was counted');
  return {
    bytes: sum(own.map(({ bytes }) => bytes)),
    shifts: await page.evaluate(() => window.shifts),
    otherHosts: all.filter((request) => !own.includes(request) && !isPicture(request.url)).map(({ url }) => url),
    errors: errors
      // Chromium logs an error for the expected 404.
      .filter(({ source }) => !(kind === 'not found' && source === url))
      .filter(({ source }) => !(URL.canParse(source) && isPicture(source)))
      .map(({ text, source }) => `${text} (${source})`),
    // This comes last, because it resizes the window. A phone's page grows with its widest element, so only the desktop is
    // measured.
    tooWide: page.viewport().isMobile ? [] : await findTooWide(page),
  };
}

/** Counts the transferred bytes of each request by its id. The count of an open request grows. */
async function listenToNetwork(page) {
  const requests = new Map();
  const client = await page.createCDPSession();
  const count = (id, bytes) => {
    if (requests.has(id)) requests.get(id).bytes = bytes(requests.get(id).bytes);
  };
  client.on('Network.requestWillBeSent', ({ requestId, request }) => requests.set(requestId, { url: request.url, bytes: 0 }));
  client.on('Network.responseReceived', ({ requestId, response }) => count(requestId, () => response.encodedDataLength));
  client.on('Network.dataReceived', ({ requestId, encodedDataLength }) => count(requestId, (bytes) => bytes + encodedDataLength));
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => count(requestId, () => encodedDataLength));
  await client.send('Network.enable');
  return requests;
}

/** Collects the errors of scripts, policies and the network. */
function listenToConsole(page) {
  const errors = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push({ text: message.text(), source: message.location().url ?? '' });
  });
  page.on('pageerror', (error) => errors.push({ text: error.message, source: '' }));
  return errors;
}

/**
 * In the page: records layout shifts, except those of table cells in a frame that adds a row. On a slow machine Chromium
 * paints a table before it has parsed the last row, and a new row can change the widths of the columns.
 */
function watchShifts() {
  const frames = [];
  let rows = 0;
  const watchRows = () => {
    const { length } = document.querySelectorAll('tr');
    frames.push({ start: performance.now(), hasNewRow: length > rows });
    rows = length;
    requestAnimationFrame(watchRows);
  };
  requestAnimationFrame(watchRows);
  const isFromNewRow = ({ startTime, sources }) => frames.findLast(({ start }) => start <= startTime)?.hasNewRow
    && sources.length > 0 && sources.every(({ node }) => (node?.parentElement ?? node)?.closest?.('table'));
  const box = ({ x, y, width, height }) => `${x},${y} ${width}x${height}`;
  const describe = ({ node, previousRect, currentRect }) => {
    const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const name = element ? [element.localName, ...element.classList].join('.') : 'a removed element';
    return `${name} from ${box(previousRect)} to ${box(currentRect)}`;
  };
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, startTime, sources } of list.getEntries().filter((shift) => !isFromNewRow(shift))) {
      window.shifts.push({ value, details: `after ${Math.round(startTime)} ms, ${sources.map(describe).join(', ')}` });
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** In the page: scrolls to the end, one screen at a time. */
async function scrollDown() {
  const end = () => document.documentElement.scrollHeight - innerHeight;
  for (let y = 0; y < end(); y += innerHeight) {
    scrollTo({ top: y, behavior: 'instant' });
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }
  scrollTo({ top: end(), behavior: 'instant' });
}

/** The window widths that are too small for the page, each with the elements that exceed it. */
async function findTooWide(page) {
  const failures = [];
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 900 });
    const { excess, elements } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const out = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5);
      return { excess: scrollWidth - clientWidth, elements: out.slice(0, 3).map((element) => `${element.localName}.${element.className}`) };
    });
    if (excess > 0) failures.push(`width ${width}: ${excess} px too wide: ${elements.join(', ')}`);
  }
  return failures;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
