// The journeys of a reader in Chromium: actions and their visible results, on two small sites.
//
// It needs Node 20, Debian's chromium on the PATH, and the packages of this folder. From the root:
//
//   npm install --prefix tests/browser
//   node tests/browser/journeys.mjs --finews target/release/finews [--only WORDS]
//
// `--only` runs the journeys whose names contain WORDS. The exit code is 1 if a journey fails.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';
import { longSource, market, POSTS, publish } from './fixtures.mjs';
import { DESKTOP, Reader } from './reader.mjs';
import { Site } from './site.mjs';

/** The longest time for one journey, in milliseconds. */
const TIMEOUT_MS = 180_000;

const { values } = parseArgs({ options: { finews: { type: 'string' }, only: { type: 'string', default: '' } } });
if (!values.finews) throw new Error('--finews PATH is needed');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

let browser;
let declared = 0;
const sites = {};

before(async () => {
  browser = await launch();
  for (const [name, folder] of Object.entries({ long: await longSource(), market: await market() })) {
    sites[name] = await Site.serve(values.finews, folder);
    await sites[name].searchable();
  }
});

after(async () => {
  await browser?.close();
  await Promise.all(Object.values(sites).map((site) => site.stop()));
});

/** Declares a journey through one of the sites. */
function journey(name, site, walk) {
  if (!name.includes(values.only)) return;
  declared += 1;
  test(name, { timeout: TIMEOUT_MS }, () => Reader.travel(browser, sites[site], walk));
}

journey('every page kind is reachable on all screens with and without script', 'long', async (reader) => {
  for (const width of [360, 768, 1440]) {
    for (const [dark, script] of [[false, true], [true, false], [true, true], [false, false]]) {
      await reader.configure({ width, dark, script });
      await wander(reader, { width, dark, script });
    }
  }
});

/** Home → article → its security → its source → next page → a day of the calendar → filter → search → 404. */
async function wander(reader, screen) {
  const label = JSON.stringify(screen);
  const fits = (page) => reader.assertFits(`${page} ${label}`);
  await reader.goto('/');
  await fits('home');
  const headline = await reader.text('.entry-title a');
  assert.equal(headline, `第 ${POSTS} 条`);
  await reader.follow('.entry-title a');
  assert.equal(await reader.text('main h1'), headline, label);
  await fits('article');

  await reader.follow(".body a[href^='/stock/']");
  assert.equal(reader.path, '/stock/600001.SH.html');
  assert.equal(await reader.text('main h1'), '河滩股份');
  await fits('security');
  await reader.follow('.entry-source');
  assert.equal(reader.path, '/category/hetan.html');
  await fits('source');

  await reader.follow('.pager a[rel=next]');
  assert.equal(reader.path, '/category/hetan/2.html');
  assert.equal(await reader.count('.entry'), 50);
  await reader.follow('.day-heading a');
  assert.match(reader.path, /^\/\d+\/\d+\/\d+\/$/, 'a day');
  await fits('day');
  await reader.follow('.crumb a');
  await fits('month');
  await reader.follow('.month td a');
  assert.match(reader.path, /^\/\d+\/\d+\/\d+\/$/, 'a day of the calendar');

  await reader.goto('/category/?q=jiang');
  assert.equal(await reader.count('.groups li'), 1, 'the filter needs no script');
  await reader.goto('/stock/');
  await fits('securities');
  await reader.goto(`/search?q=第+${POSTS}`);
  assert.equal(await reader.text('.entry-title a'), headline);
  await fits('search');
  await reader.goto('/nowhere/at/all');
  assert.equal(await reader.text('main h1'), '没有找到这个页面');
  await fits('404');

  const paper = await reader.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  assert.equal(paper, screen.dark ? 'rgb(23, 22, 19)' : 'rgb(253, 252, 249)', label);
}

journey('keys, text sizes and colours follow the reader', 'long', async (reader) => {
  await reader.configure(DESKTOP);
  await reader.goto('/');
  await reader.until("document.querySelector('#ui-size').title !== ''");
  const focused = () => reader.evaluate('document.activeElement.textContent');
  await reader.press('j');
  assert.equal(await focused(), `第 ${POSTS} 条`);
  await reader.press('j');
  assert.equal(await focused(), `第 ${POSTS - 1} 条`);
  await reader.press('k');
  assert.equal(await focused(), `第 ${POSTS} 条`);
  await reader.press('?');
  assert.equal(await reader.evaluate("document.querySelector('#ui-keys').open"), true);
  await reader.click('#ui-keys form button');
  await reader.press('/');
  assert.equal(await reader.evaluate('document.activeElement.id'), 'ui-q');

  const size = () => reader.evaluate('parseFloat(getComputedStyle(document.documentElement).fontSize)');
  await reader.click('#ui-size');
  assert.equal(await size(), 19, 'large');
  await reader.click('#ui-theme');
  await reader.click('#ui-theme');
  await reader.goto('/category/hetan.html');
  assert.equal(await size(), 19, 'the size is remembered');
  assert.equal(await reader.evaluate('document.documentElement.dataset.theme'), 'dark');
  await reader.click('#ui-size');
  assert.equal(await size(), 15, 'small');

  await reader.goto('/category/');
  await reader.click('#ui-filter');
  await reader.type('jiang');
  await reader.until("document.querySelectorAll('.groups li:not([hidden])').length === 1");

  await reader.goto('/hetan/n2.html');
  for (const [key, path] of [['j', '/hetan/n1.html'], ['k', '/hetan/n2.html']]) {
    await reader.until("document.querySelector('#ui-size')?.title !== ''");
    await reader.press(key);
    await reader.until(`location.pathname === '${path}'`);
  }

  await reader.goto('/hetan/n1.html');
  const pdf = Buffer.from(await reader.page.pdf());
  assert(pdf.subarray(0, 5).toString() === '%PDF-' && pdf.length > 2000, 'the page prints');
  await reader.page.emulateMediaType('print');
  for (const [part, isPrinted] of [['h1', true], ['.body', true], ['.tools', false], ['.share', false]]) {
    const isShown = await reader.evaluate(`document.querySelector('${part}').checkVisibility()`);
    assert.equal(isShown, isPrinted, `${part} on paper`);
  }
});

journey('new posts are announced and shown on request', 'long', async (reader) => {
  const isHidden = "document.querySelector('.live-apply').hidden";
  const firstIs = (title) => `document.querySelector('.entry-title a')?.textContent === '${title}'`;
  const folder = reader.site.folder;
  await reader.configure(DESKTOP);
  await reader.goto('/');
  await reader.until("document.querySelector('.live-pause').ariaPressed === 'false'");
  await reader.evaluate('scrollTo(0, 1500)');
  const [href, top] = await reader.page.$$eval('.entry', (entries) => {
    const entry = entries.find((entry) => entry.getBoundingClientRect().top > 100);
    return [entry.querySelector('a').getAttribute('href'), entry.getBoundingClientRect().top];
  });

  await publish(folder, 'new-one', '刚到的消息');
  await reader.until(`!${isHidden}`);
  assert.equal(await reader.text('.live-apply'), '1 条新消息');
  assert.equal(await reader.text('.entry-title a'), `第 ${POSTS} 条`, 'the list waits for the reader');

  await reader.click('.live-apply');
  await reader.until(firstIs('刚到的消息'));
  const moved = await reader.page.$eval(
    `.entry a[href='${href}']`,
    (link, top) => Math.abs(link.closest('.entry').getBoundingClientRect().top - top),
    top,
  );
  assert(moved < 2, `the reader's place moved by ${moved} px`);
  assert.equal(await reader.text('.live-apply'), '↑ 看新消息');
  await reader.click('.live-apply');
  await reader.until("document.querySelector('.entry').getBoundingClientRect().top > 0");
  await reader.until(isHidden);

  await reader.click('.live-pause');
  await publish(folder, 'paused', '没有听到');
  await sleep(1_500);
  assert.equal(await reader.evaluate(isHidden), true, 'a paused list announces nothing');

  // A resumed list announces the posts that it missed.
  await reader.click('.live-pause');
  await reader.until(`!${isHidden}`);
  assert.equal(await reader.text('.live-apply'), '1 条新消息');
  await reader.click('.live-apply');
  await reader.until(firstIs('没有听到'));
  await reader.goto('/nowhere.html');
  await publish(folder, 'elsewhere', '在别处的时候');
  await reader.until("fetch('/', { cache: 'no-store' }).then((response) => response.text()).then((text) => text.includes('在别处的时候'))");
  await reader.page.goBack();
  // The browser either shows the page as it was, or requests it again.
  await reader.until(`document.querySelector('.live-apply')?.hidden === false || ${firstIs('在别处的时候')}`);
});

journey('a search is narrowed, ordered, paged and followed', 'market', async (reader) => {
  for (const width of [390, 1440]) {
    await reader.configure({ ...DESKTOP, width });
    await reader.goto('/search?q=公告');
    await reader.assertFits('search');
    const found = () => reader.text('.result-bar .summary');
    assert.equal(await found(), '共 60 篇');
    for (const [choice, count] of [['source%3Ahongwang', 12], ['stock%3A600160.SH', 30]]) {
      await reader.follow(`.choices a[href*='${choice}']`);
      assert.equal(await found(), `共 ${count} 篇`, choice);
      await reader.follow('.applied a');
      assert.equal(await found(), '共 60 篇');
    }
    await reader.click('.search-side summary');
    await reader.follow(".search-side details a[href*='from%3A2024-02']");
    assert.equal(await found(), '共 20 篇');
    await reader.follow('.applied a');

    await reader.follow('.orders li:last-child a');
    assert.equal(await reader.text('.orders [aria-current]'), '最新');
    assert.equal(await reader.evaluate("document.querySelector('.result time').dateTime.slice(0, 10)"), '2024-03-27');
    for (const page of [2, 3]) {
      await reader.follow('.pager a[rel=next]');
      assert.equal(await reader.count('.result'), 20, `page ${page}`);
    }
    assert.equal(await reader.count('.pager a[rel=next]'), 0);
    await reader.assertFits('the last page');

    await reader.goto('/search?q=公告+独角兽');
    await reader.follow('.offers a');
    assert.equal(await found(), '共 60 篇');
    const entries = "fetch(document.querySelector('.result-feed').href).then((response) => response.text()).then((text) => text.split('<entry').length - 1)";
    assert.equal(await reader.evaluate(entries), 10);
  }
});

journey('captions are centred and pictures open without script', 'long', async (reader) => {
  await reader.configure({ ...DESKTOP, script: false });
  await reader.goto('/jiangkou/x.html');
  const aligned = "[...document.querySelectorAll('.body p')].map((paragraph) => getComputedStyle(paragraph).textAlign)";
  assert.deepEqual(await reader.evaluate(aligned), ['center', 'center', 'justify', 'justify', 'justify']);
  const gaps = "[...document.querySelectorAll('.body > :has(img)')].map((block) => getComputedStyle(block))"
    + '.map(({ marginBottom, fontSize }) => Math.round(parseFloat(marginBottom) / parseFloat(fontSize) * 10))';
  assert.deepEqual(await reader.evaluate(gaps), [5, 15], 'only a caption stands close to its picture');
  const height = "document.querySelector('.body a.full-image[href=\"/images/a_w506h907.png\"] > img').getAttribute('height')";
  assert.equal(await reader.evaluate(height), '907');

  await reader.configure({ ...DESKTOP, width: 360, script: false });
  assert.deepEqual(await reader.evaluate(aligned), ['center', 'center', 'start', 'start', 'start']);
});

journey('suggestions work with the keyboard', 'market', async (reader) => {
  const isExpanded = (expected) => `document.querySelector('#ui-q').ariaExpanded === '${expected}'`;
  await reader.configure(DESKTOP);
  await reader.goto('/');
  await reader.until("document.querySelector('#ui-size').title !== ''");
  await reader.press('/');
  await reader.type('hw');
  // The list for the first letter may be shown for a moment.
  await reader.until(`${isExpanded(true)} && document.querySelectorAll('.search [role=option]').length === 1`);
  await reader.press('Escape');
  await reader.until(isExpanded(false));
  await reader.press('ArrowDown');
  await reader.until(isExpanded(true));
  await reader.press('ArrowDown');
  const chosen = await reader.evaluate(
    "document.getElementById(document.querySelector('#ui-q').getAttribute('aria-activedescendant')).textContent",
  );
  assert.equal(chosen, '红网 来源');
  await reader.press('Enter');
  await reader.until("location.pathname === '/category/hongwang.html'");
  // Without a choice the browser sends the form as it is.
  await reader.until("document.querySelector('#ui-size')?.title !== ''");
  await reader.press('/');
  await reader.type('茅台');
  await reader.until(isExpanded(true));
  await reader.press('Enter');
  await reader.until("location.pathname === '/search'");
  await reader.until("document.querySelector('.result-bar .summary')?.textContent === '共 30 篇'");
});

if (declared === 0) throw new Error(`no journey has a name with "${values.only}"`);
