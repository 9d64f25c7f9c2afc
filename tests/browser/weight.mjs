// A first visit, as a reader makes it: what it loads, from where, what moves, what sticks out.

import { setTimeout as sleep } from 'node:timers/promises';
import { SCREENS, withPage } from './browser.mjs';

/** What a first visit to an article may take, in bytes as they come over the wire, headers and all. */
const MOST_BYTES = 30_000;

/** The widths that nothing may be wider than. */
const WIDTHS = [360, 768, 1440];

/** The wait for late changes of a page, in milliseconds. */
const LATE = 500;

/** Visits a page on every screen with an empty cache. */
export async function firstVisit(browser, url, kind) {
  const visits = await Promise.all(SCREENS.map((screen) => withPage(browser, screen, (page) => visit(page, url, kind))));
  const cells = {
    bytes: Math.max(...visits.map(({ bytes }) => bytes)),
    CLS: Number(Math.max(...visits.map(({ shifts }) => sum(shifts.map(({ value }) => value)))).toPrecision(2)),
    elsewhere: sum(visits.map(({ elsewhere }) => elsewhere.length)),
    wide: sum(visits.map(({ wide }) => wide.length)),
    console: sum(visits.map(({ errors }) => errors.length)),
  };
  const failures = visits.flatMap(({ shifts, elsewhere, errors }, i) => [
    ...shifts.map(({ value, what }) => `layout shift ${value}: ${what}`),
    ...elsewhere.map((address) => `asks another host: ${address}`),
    ...errors.map((error) => `console: ${error}`),
  ].map((failure) => `${SCREENS[i].width} wide: ${failure}`));
  failures.push(...visits.flatMap(({ wide }) => wide));
  if (kind.startsWith('article') && cells.bytes > MOST_BYTES) failures.push(`takes ${cells.bytes} bytes of ${MOST_BYTES}`);
  return { cells, failures };
}

async function visit(page, url, kind) {
  const { origin } = new URL(url);
  const requests = await listenToNetwork(page);
  const complaints = listenToConsole(page);
  await page.evaluateOnNewDocument(watchShifts);
  await page.goto(url);
  // Chromium fetches the icon in a way that is not told to us, so it is fetched once more.
  await page.evaluate(() => Promise.all([...document.querySelectorAll('link[rel~=icon], link[rel=manifest]')].map(
    (link) => fetch(link.href).then((reply) => reply.arrayBuffer()),
  )));
  // What moves late moves nothing for who has scrolled past it, so the page is given time before and after.
  await sleep(LATE);
  await page.evaluate(scrollDown);
  await sleep(LATE);

  const pictures = await page.$$eval('.body img', (images) => images.flatMap(({ src, currentSrc }) => [src, currentSrc]));
  const isPicture = (address) => new URL(address).origin !== origin && pictures.includes(address);
  const all = [...requests.values()].filter(({ address }) => address.startsWith('http'));
  const ours = all.filter(({ address }) => new URL(address).origin === origin);
  if (!ours.some(({ bytes }) => bytes > 0)) throw new Error('no byte was counted');
  return {
    bytes: sum(ours.map(({ bytes }) => bytes)),
    shifts: await page.evaluate(() => window.shifts),
    elsewhere: all.filter((request) => !ours.includes(request) && !isPicture(request.address)).map(({ address }) => address),
    errors: complaints
      // That the page of an error is one, the browser takes for an error.
      .filter(({ address }) => !(kind === 'not found' && address === url))
      .filter(({ address }) => !(URL.canParse(address) && isPicture(address)))
      .map(({ text, address }) => `${text} (${address})`),
    // Last, as it changes the window. A phone's page is as wide as its widest thing, so only a desk's is asked.
    wide: page.viewport().isMobile ? [] : await tooWide(page),
  };
}

/** Counts the bytes of each request, of those that go on as well: by its number, as they come. */
async function listenToNetwork(page) {
  const requests = new Map();
  const client = await page.createCDPSession();
  const count = (id, bytes) => {
    if (requests.has(id)) requests.get(id).bytes = bytes(requests.get(id).bytes);
  };
  client.on('Network.requestWillBeSent', ({ requestId, request }) => requests.set(requestId, { address: request.url, bytes: 0 }));
  client.on('Network.responseReceived', ({ requestId, response }) => count(requestId, () => response.encodedDataLength));
  client.on('Network.dataReceived', ({ requestId, encodedDataLength }) => count(requestId, (bytes) => bytes + encodedDataLength));
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => count(requestId, () => encodedDataLength));
  await client.send('Network.enable');
  return requests;
}

/** Collects the errors of scripts, policies and the network. */
function listenToConsole(page) {
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push({ text: message.text(), address: message.location().url ?? '' });
  });
  page.on('pageerror', (error) => complaints.push({ text: error.message, address: '' }));
  return complaints;
}

/**
 * In the page: notes all that moves, but for cells that make room for a row that has just come: on a slow machine a table
 * is painted before its last row is read, and its columns are as wide as the rows that there are.
 */
function watchShifts() {
  const frames = [];
  let rows = 0;
  const watchRows = () => {
    const { length } = document.querySelectorAll('tr');
    frames.push({ begun: performance.now(), grown: length > rows });
    rows = length;
    requestAnimationFrame(watchRows);
  };
  requestAnimationFrame(watchRows);
  const makesRoom = ({ startTime, sources }) => frames.findLast(({ begun }) => begun <= startTime)?.grown
    && sources.length > 0 && sources.every(({ node }) => (node?.parentElement ?? node)?.closest?.('table'));
  const box = ({ x, y, width, height }) => `${x},${y} ${width}x${height}`;
  const spell = ({ node, previousRect, currentRect }) => {
    const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const name = element ? [element.localName, ...element.classList].join('.') : 'something that is gone';
    return `${name} from ${box(previousRect)} to ${box(currentRect)}`;
  };
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, startTime, sources } of list.getEntries().filter((shift) => !makesRoom(shift))) {
      window.shifts.push({ value, what: `after ${Math.round(startTime)} ms, ${sources.map(spell).join(', ')}` });
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** In the page: goes to its end, a screen at a time. */
async function scrollDown() {
  const end = () => document.documentElement.scrollHeight - innerHeight;
  for (let y = 0; y < end(); y += innerHeight) {
    scrollTo({ top: y, behavior: 'instant' });
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }
  scrollTo({ top: end(), behavior: 'instant' });
}

/** The widths at which a page is wider than its window, and what sticks out. */
async function tooWide(page) {
  const failures = [];
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 900 });
    const { over, what } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const out = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > clientWidth + 0.5);
      return { over: scrollWidth - clientWidth, what: out.slice(0, 3).map((one) => `${one.localName}.${one.className}`) };
    });
    if (over > 0) failures.push(`at ${width} it is ${over} px too wide: ${what.join(', ')}`);
  }
  return failures;
}

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
