// Lighthouse, with its defaults: a middling phone on a slow network.

import lighthouse from 'lighthouse';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];

/** How many runs may fail for themselves, as they do now and then on a busy machine. */
const MOST_BROKEN = 2;

/** How many series of runs a page has to show 100 in: what else a machine does only ever makes it slower. */
const SERIES = 3;

/** How many times as slow as this machine the phone is taken to be, by Lighthouse's default. */
const SLOWDOWN = 4;

/**
 * The speed, by Lighthouse's own measure, of the phone that it emulates. From 1056 on its default makes one of no more
 * than that speed; on a slower machine it makes a phone that nobody has, and is to be calibrated (Lighthouse's
 * docs/throttling.md; the figure is that of a low-tier phone in Chrome's own calibration).
 */
const PHONE = 264;

/**
 * The medians of a series of runs, each of which must be 100. A series that fails on a slow machine is followed by
 * one in which the phone is no slower than it should be.
 */
export async function scores(browser, url, runs) {
  const port = Number(new URL(browser.wsEndpoint()).port);
  for (let series = 1, slowdown = SLOWDOWN; ; series += 1) {
    const results = await measure(url, port, runs, slowdown);
    const result = summary(results, slowdown);
    if (result.failures.length === 0 || series === SERIES) return result;
    // A busy machine is now faster, now slower, and its slowest moments are those that a score lacks.
    slowdown = Math.min(slowdown, Math.max(1, Math.min(...results.map(speed)) / PHONE));
  }
}

/** How fast this machine was in a run. */
function speed({ environment }) {
  return environment.benchmarkIndex;
}

async function measure(url, port, runs, cpuSlowdownMultiplier) {
  const flags = { port, logLevel: 'silent', onlyCategories: CATEGORIES, throttling: { cpuSlowdownMultiplier } };
  const results = [];
  for (let broken = 0; results.length < runs;) {
    const { lhr } = await lighthouse(url, flags);
    if (!lhr.runtimeError) results.push(lhr);
    else if (++broken > MOST_BROKEN) throw new Error(lhr.runtimeError.message);
  }
  return results;
}

function summary(results, slowdown) {
  const medians = CATEGORIES.map((category) => Math.round(median(results.map(({ categories }) => categories[category].score)) * 100));
  const failures = CATEGORIES.flatMap((category, i) => (medians[i] === 100 ? [] : [
    `${category} ${medians[i]}: ${[...new Set(results.flatMap((lhr) => failedAudits(lhr, category)))].join('; ')}`,
  ]));
  if (failures.length > 0) {
    const speeds = results.map(speed).join(', ');
    failures.push(`the machine's own speed in each run: ${speeds}; taken as ${slowdown.toFixed(1)} times that of the phone`);
  }
  const calibrated = slowdown < SLOWDOWN ? ` (phone ${slowdown.toFixed(1)} times as slow)` : '';
  return { cells: { lighthouse: medians.join('/') + calibrated }, failures };
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
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
