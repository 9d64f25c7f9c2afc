// axe-core: barriers for people with disabilities.

import { readFile } from 'node:fs/promises';
import { SCREENS, setColourScheme, withPage } from './browser.mjs';

const AXE = await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const SCHEMES = ['light', 'dark'];

/** Checks a page with all default rules and best practices, on every screen in both colour schemes. */
export async function accessibility(browser, url) {
  const runs = (await Promise.all(SCREENS.map((screen) => withPage(browser, screen, (page) => runAxe(page, url, screen))))).flat();
  const count = (scheme) => runs.filter((run) => run.scheme === scheme).flatMap(({ violations }) => violations).length;
  return {
    cells: { axe: SCHEMES.map(count).join('/') },
    failures: withSources(runs, ({ violations }) => violations),
    warnings: withSources(runs, ({ undecided }) => undecided),
  };
}

async function runAxe(page, url, { width }) {
  await page.goto(url);
  await page.evaluate(AXE);
  const runs = [];
  for (const scheme of SCHEMES) {
    await setColourScheme(page, scheme);
    const { passes, violations, incomplete } = await page.evaluate(() => window.axe.run());
    if (passes.length === 0) throw new Error('axe checked no element');
    runs.push({ scheme, width, violations: violations.flatMap(perElement), undecided: incomplete.map(firstElement) });
  }
  return runs;
}

/** Each finding once, with the colour schemes and widths of the runs that have it. */
function withSources(runs, findingsOf) {
  const sources = new Map();
  for (const run of runs) {
    for (const finding of findingsOf(run)) sources.set(finding, [...sources.get(finding) ?? [], `${run.scheme} ${run.width}`]);
  }
  return [...sources].map(([finding, runs]) => `${finding} (${runs.join(', ')})`);
}

/** A rule's result for each element, with the element's selector. */
function perElement({ id, nodes }) {
  return nodes.map(({ target, any, all, none }) => (
    `${id}: ${target.join(' ')}: ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`
  ));
}

/** A rule's result for its first element only: undecided results are often the same for every row of a table. */
function firstElement(result) {
  return `undecided for ${result.nodes.length} elements, first: ${perElement(result)[0]}`;
}
