// axe-core: what keeps people with disabilities from reading a page.

import { readFile } from 'node:fs/promises';
import { colours, SCREENS, withPage } from './browser.mjs';

const AXE = await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const SCHEMES = ['light', 'dark'];

/** Every default rule, best practices among them, on every screen in both schemes of colours. */
export async function accessibility(browser, url) {
  const looks = (await Promise.all(SCREENS.map((screen) => withPage(browser, screen, (page) => look(page, url, screen))))).flat();
  const count = (scheme) => looks.filter((one) => one.scheme === scheme).flatMap(({ violations }) => violations).length;
  return {
    cells: { axe: SCHEMES.map(count).join('/') },
    failures: told(looks, ({ violations }) => violations),
    warnings: told(looks, ({ undecided }) => undecided),
  };
}

async function look(page, url, { width }) {
  await page.goto(url);
  await page.evaluate(AXE);
  const looks = [];
  for (const scheme of SCHEMES) {
    await colours(page, scheme);
    const { passes, violations, incomplete } = await page.evaluate(() => window.axe.run());
    if (passes.length === 0) throw new Error('axe found nothing to check');
    looks.push({ scheme, width, violations: violations.flatMap(each), undecided: incomplete.map(first) });
  }
  return looks;
}

/** Each thing once, with the looks that show it. */
function told(looks, things) {
  const seen = new Map();
  for (const look of looks) {
    for (const thing of things(look)) seen.set(thing, [...seen.get(thing) ?? [], `${look.scheme} ${look.width}`]);
  }
  return [...seen].map(([thing, where]) => `${thing} (${where.join(', ')})`);
}

/** A rule's result, for each element by its selector. */
function each({ id, nodes }) {
  return nodes.map(({ target, any, all, none }) => (
    `${id}: ${target.join(' ')}: ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`
  ));
}

/** A rule's result in one line, as what axe cannot decide is often the same for every row of a table. */
function first(result) {
  return `undecided of ${result.nodes.length}: ${each(result)[0]}`;
}
