// Checks the pages that finews serves, one of each kind, in a real browser and by other people's rules:
//
//   axe         axe-core's rules of accessibility, light and dark, on a phone and a desk
//   html        the Nu HTML checker, over every kind of page and the bodies of up to 200 articles
//   lighthouse  Lighthouse's four scores
//   weight      a first visit: its bytes, what moves, what asks other hosts, what is too wide, console errors
//
// It needs Node 20, Java, Debian's chromium on the PATH, and what `npm install` puts in this folder. From the root:
//
//   npm install --prefix tests/browser
//   node tests/browser/check.mjs --finews target/release/finews
//        [--site DIR]...       another site than the sample archive
//        [--only CHECK,...]    some of the checks
//        [--optional KIND,...] kinds of pages that the site need not have, as the table names them
//        [--quick]             Lighthouse once, whatever it says, instead of up to nine times
//
// It prints a table, a row a kind, then all that is wrong, and ends with 1 if anything is, or could not be checked.

import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { accessibility } from './axe.mjs';
import { launch } from './browser.mjs';
import { styles, validity } from './html.mjs';
import { pages } from './kinds.mjs';
import { scores } from './lighthouse.mjs';
import { Report } from './report.mjs';
import { Site } from './site.mjs';
import { firstVisit } from './weight.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const CHECKS = ['axe', 'html', 'lighthouse', 'weight'];

/** The kinds that Lighthouse looks at, as it takes its time. */
const FOR_LIGHTHOUSE = ['home', 'article', 'source', 'security', 'day'];

/** How often Lighthouse looks at a page that is not as quick as it should be. */
const LOOKS = 9;

/** A site takes no longer, in milliseconds. */
const PATIENCE = 20 * 60_000;

function options() {
  const { values } = parseArgs({
    options: {
      finews: { type: 'string' },
      site: { type: 'string', multiple: true, default: [ROOT] },
      only: { type: 'string', default: CHECKS.join() },
      optional: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
    },
  });
  const only = values.only.split(',');
  const unknown = only.filter((check) => !CHECKS.includes(check));
  if (!values.finews) throw new Error('--finews PATH is needed');
  if (unknown.length > 0) throw new Error(`no such check: ${unknown}; there are ${CHECKS}`);
  return { ...values, only, optional: values.optional.split(',') };
}

async function main() {
  const { finews, site: folders, ...chosen } = options();
  setTimeout(giveUp, PATIENCE * folders.length).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

  const report = new Report();
  const browser = await launch();
  try {
    for (const folder of folders) {
      const name = (kind) => (folders.length > 1 ? `${basename(resolve(folder))}: ${kind}` : kind);
      const site = await Site.serve(finews, folder);
      await check({ site, browser, report, name, ...chosen }).finally(() => site.end());
    }
  } finally {
    await browser.close();
  }
  process.exitCode = report.print() ? 0 : 1;
}

/** Checks one site. */
async function check({ site, browser, report, name, only, optional, quick }) {
  const all = await pages(site);
  for (const { kind, missing } of all) {
    report.row(name(kind), missing ? { axe: 'MISSING' } : {});
    if (missing && !optional.includes(kind)) report.fail(name(kind), `MISSING: ${missing}`);
  }
  const found = all.filter(({ missing }) => !missing);
  if (only.includes('html')) await checkHtml({ site, found, report, name });
  for (const { kind, path } of found) {
    const url = site.url(path);
    console.error(`${name(kind)}: ${url}`);
    const run = (check, how) => only.includes(check) && report.run(name(kind), check, how);
    // One after the other: on a busy machine pages are painted in more pieces, and take longer.
    await run('axe', () => accessibility(browser, url));
    await run('weight', () => firstVisit(browser, url, kind));
    if (FOR_LIGHTHOUSE.includes(kind)) await run('lighthouse', () => scores(browser, url, quick ? 1 : LOOKS));
  }
}

/** The HTML checker is slow to start, so it is given all pages at once. */
async function checkHtml({ site, found, report, name }) {
  try {
    const results = await validity(site, found);
    for (const [kind, result] of Object.entries(results)) report.add(name(kind), 'html', result);
    for (const warning of await styles(site, found[0].path)) report.warn(name('style sheet'), warning);
  } catch (error) {
    report.fail(name('html'), `could not run: ${error.stack}`);
  }
}

function giveUp() {
  console.error('this takes too long');
  process.exit(1);
}

await main();
