// Lighthouse with its defaults: a mid-tier phone on a slow network.

import lighthouse from 'lighthouse';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];

/** The number of runs that may fail with an error of Lighthouse, which happens on a busy machine. */
const MAX_RUNTIME_ERRORS = 2;

/** Lighthouse's default slowdown of this machine, which makes it a phone. */
const DEFAULT_SLOWDOWN = 4;

/**
 * The speed of the emulated phone, as Lighthouse's `benchmarkIndex`: that of a low-tier phone in Chrome's calibration. The
 * default slowdown gives at least this speed on machines from 1056 on. A slower machine needs a smaller slowdown
 * (Lighthouse's docs/throttling.md), or the emulated phone is slower than real ones.
 */
const PHONE_SPEED = 264;

/**
 * The scores of a page; each must be 100. Other work of the machine can only make a page slower, so this function
 * returns the first run without a failure, or the last of `maxRuns` runs. From the second run on, the slowdown fits the
 * speed of the machine.
 */
export async function scores(browser, url, maxRuns) {
  const port = Number(new URL(browser.wsEndpoint()).port);
  const runs = [];
  for (let slowdown = DEFAULT_SLOWDOWN; ;) {
    const run = await measure(url, port, slowdown);
    runs.push(run);
    if (run.failures.length === 0 || runs.length === maxRuns) return run;
    slowdown = Math.min(DEFAULT_SLOWDOWN, Math.max(1, Math.min(...runs.map(({ speed }) => speed)) / PHONE_SPEED));
  }
}

/** One run of Lighthouse, with the speed of the machine during it. */
async function measure(url, port, cpuSlowdownMultiplier) {
  const flags = { port, logLevel: 'silent', onlyCategories: CATEGORIES, throttling: { cpuSlowdownMultiplier } };
  for (let errors = 0; ;) {
    const { lhr } = await lighthouse(url, flags);
    if (!lhr.runtimeError) return summary(lhr, cpuSlowdownMultiplier);
    if (++errors > MAX_RUNTIME_ERRORS) throw new Error(lhr.runtimeError.message);
  }
}

function summary(lhr, slowdown) {
  const speed = lhr.environment.benchmarkIndex;
  const rounded = CATEGORIES.map((category) => Math.round(lhr.categories[category].score * 100));
  const failures = CATEGORIES.flatMap((category, i) => (rounded[i] === 100 ? [] : [
    `${category} ${rounded[i]}: ${failedAudits(lhr, category).join('; ')}`,
  ]));
  if (failures.length > 0) failures.push(`speed of this machine: ${speed}; slowdown for the phone: ${slowdown.toFixed(1)}`);
  const calibration = slowdown < DEFAULT_SLOWDOWN ? ` (slowdown ${slowdown.toFixed(1)})` : '';
  return { speed, cells: { lighthouse: rounded.join('/') + calibration }, failures };
}

/** The audits that lower the score of a category, each with its first findings. */
function failedAudits({ audits, categories }, category) {
  return categories[category].auditRefs
    .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1)
    .map(({ id }) => {
      const { title, displayValue = '', details } = audits[id];
      const findings = (details?.items ?? []).slice(0, 3).map(({ node, url, description }) => node?.selector ?? description ?? url);
      return [`${id} (${title}) ${displayValue}`, ...findings.filter(Boolean)].join(', ');
    });
}
