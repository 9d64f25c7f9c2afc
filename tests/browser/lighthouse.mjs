// Lighthouse, with its defaults: a middling phone on a slow network.

import lighthouse from 'lighthouse';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];

/** How many runs may fail for themselves, as they do now and then on a busy machine. */
const MOST_BROKEN = 2;

/** How many series of runs a page has to show 100 in: what else a machine does only ever makes it slower. */
const SERIES = 3;

/** The medians of a series of runs, each of which must be 100. */
export async function scores(browser, url, runs) {
  const port = Number(new URL(browser.wsEndpoint()).port);
  for (let series = 1; ; series += 1) {
    const result = summary(await measure(url, port, runs));
    if (result.failures.length === 0 || series === SERIES) return result;
  }
}

async function measure(url, port, runs) {
  const results = [];
  for (let broken = 0; results.length < runs;) {
    const { lhr } = await lighthouse(url, { port, logLevel: 'silent', onlyCategories: CATEGORIES });
    if (!lhr.runtimeError) results.push(lhr);
    else if (++broken > MOST_BROKEN) throw new Error(lhr.runtimeError.message);
  }
  return results;
}

function summary(results) {
  const medians = CATEGORIES.map((category) => Math.round(median(results.map(({ categories }) => categories[category].score)) * 100));
  const failures = CATEGORIES.flatMap((category, i) => (medians[i] === 100 ? [] : [
    `${category} ${medians[i]}: ${[...new Set(results.flatMap((lhr) => failedAudits(lhr, category)))].join('; ')}`,
  ]));
  if (failures.length > 0) {
    const speeds = results.map(({ environment }) => environment.benchmarkIndex);
    failures.push(`the machine's own speed in each run, 1000 and more being a good one: ${speeds.join(', ')}`);
  }
  return { cells: { lighthouse: medians.join('/') }, failures };
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
