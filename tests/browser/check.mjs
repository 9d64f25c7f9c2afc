// Checks one page of each kind in a real browser, with the rules of other projects:
//
//   axe         axe-core's accessibility rules, light and dark, on a phone and a desktop
//   html        the Nu HTML checker, on every kind of page and up to 200 articles
//   lighthouse  Lighthouse's four scores
//   weight      a first visit: bytes, layout shifts, requests to other hosts, elements that are too wide, console errors
//
// It needs Node 20, Java, Debian's chromium on the PATH, and the packages of this folder. From the root:
//
//   npm install --prefix tests/browser
//   node tests/browser/check.mjs --finews target/release/finews
//        [--site DIR]...       a site, instead of the sample archive
//        [--only CHECK,...]    the checks to run
//        [--optional KIND,...] kinds of pages that the site may lack, with their names in the table
//        [--quick]             one Lighthouse run for a page, instead of up to nine
//
// It prints a table with a row for each kind of page, then warnings and failures. The exit code is 1 after a failure,
// also if a check could not run.

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

/** The kinds of pages for Lighthouse, which is slow. */
const LIGHTHOUSE_KINDS = ['home', 'article', 'source', 'security', 'day'];

/** The largest number of Lighthouse runs for a page whose score is too low. */
const MAX_RUNS = 9;

/** The timeout for each site, in milliseconds. */
const TIMEOUT_MS = 20 * 60_000;

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
  if (unknown.length > 0) throw new Error(`no such check: ${unknown}; the checks are ${CHECKS}`);
  return { ...values, only, optional: values.optional.split(',') };
}

async function main() {
  const { finews, site: folders, ...selection } = options();
  const timeout = TIMEOUT_MS * folders.length;
  setTimeout(() => abort(timeout), timeout).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

  const report = new Report();
  const browser = await launch();
  try {
    for (const folder of folders) {
      const name = (kind) => (folders.length > 1 ? `${basename(resolve(folder))}: ${kind}` : kind);
      const site = await Site.serve(finews, folder);
      await check({ site, browser, report, name, ...selection }).finally(() => site.stop());
    }
  } finally {
    await browser.close();
  }
  process.exitCode = report.print() ? 0 : 1;
}

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
    const run = (check, action) => only.includes(check) && report.run(name(kind), check, action);
    // The checks run one after the other: on a busy machine pages need more paints and more time.
    await run('axe', () => accessibility(browser, url));
    await run('weight', () => firstVisit(browser, url, kind));
    if (LIGHTHOUSE_KINDS.includes(kind)) await run('lighthouse', () => scores(browser, url, quick ? 1 : MAX_RUNS));
  }
}

/** Passes all pages to one run of the HTML checker, because its start is slow. */
async function checkHtml({ site, found, report, name }) {
  try {
    const results = await validity(site, found);
    for (const [kind, result] of Object.entries(results)) report.add(name(kind), 'html', result);
    for (const warning of await styles(site, found[0].path)) report.warn(name('style sheet'), warning);
  } catch (error) {
    report.fail(name('html'), `could not run: ${error.stack}`);
  }
}

function abort(timeout) {
  console.error(`timeout after ${timeout} ms`);
  process.exit(1);
}

await main();
