// What was checked and what came of it: a table, a row a kind of page, and all that is wrong.

const COLUMNS = {
  axe: 'axe (light/dark)',
  html: 'HTML errors',
  lighthouse: 'Lighthouse P/A/BP/SEO',
  bytes: 'bytes, first visit',
  CLS: 'CLS',
  elsewhere: 'requests elsewhere',
  wide: 'too wide',
  console: 'console errors',
};

/** How much is told of one row: more is often the same once more. */
const MOST_TOLD = 20;

export class Report {
  rows = new Map();
  checked = 0;
  failures = [];
  warnings = [];

  /** Runs a check of a kind of page; one that cannot run is a failure. */
  async run(row, name, check) {
    try {
      this.add(row, name, await check());
    } catch (error) {
      this.fail(row, `${name} could not run: ${error.stack}`);
    }
  }

  /** Adds what came of a check. */
  add(row, name, { cells, failures, warnings = [] }) {
    this.checked += 1;
    this.row(row, cells);
    for (const failure of failures) this.fail(row, `${name}: ${failure}`);
    for (const warning of warnings) this.warn(row, `${name}: ${warning}`);
  }

  row(row, cells) {
    this.rows.set(row, { ...this.rows.get(row), ...cells });
  }

  fail(row, what) {
    this.failures.push({ row, what });
  }

  warn(row, what) {
    this.warnings.push({ row, what });
  }

  /** Prints it all; whether all is well. */
  print() {
    if (this.checked === 0) this.fail('everything', 'nothing was checked');
    const lines = [
      ['page', ...Object.values(COLUMNS)],
      Array(Object.keys(COLUMNS).length + 1).fill('---'),
      ...[...this.rows].map(([row, cells]) => [row, ...Object.keys(COLUMNS).map((column) => cells[column] ?? '')]),
    ];
    console.log(`\n${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}`);
    printList(`${this.warnings.length} warnings, which fail nothing`, this.warnings);
    printList(`${this.failures.length} failures in ${this.checked} checks`, this.failures);
    return this.failures.length === 0;
  }
}

/** Prints what is told of rows; what is told of several is said once. */
function printList(title, items) {
  console.log(`\n${title}\n`);
  const counts = new Map();
  const told = new Map();
  for (const { row, what } of items) {
    const count = (counts.get(row) ?? 0) + 1;
    counts.set(row, count);
    if (count <= MOST_TOLD) told.set(what, new Set(told.get(what)).add(row));
  }
  for (const [what, rows] of told) console.log(`- ${[...rows].join(', ')}: ${what}`);
  for (const [row, count] of counts) {
    if (count > MOST_TOLD) console.log(`- ${row}: and ${count - MOST_TOLD} more`);
  }
}
