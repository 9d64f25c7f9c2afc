// The results of the checks: a table with a row for each kind of page, and lists of warnings and failures.

const COLUMNS = {
  axe: 'axe (light/dark)',
  html: 'HTML errors',
  lighthouse: 'Lighthouse P/A/BP/SEO',
  bytes: 'bytes, first visit',
  CLS: 'CLS',
  otherHosts: 'requests to other hosts',
  tooWide: 'too wide',
  console: 'console errors',
};

/** The largest number of items that a list has for one row. Further items often repeat the same cause. */
const MAX_ITEMS = 20;

export class Report {
  rows = new Map();
  checked = 0;
  failures = [];
  warnings = [];

  /** Runs a check and adds its result. An error of the check is a failure. */
  async run(row, name, check) {
    try {
      this.add(row, name, await check());
    } catch (error) {
      this.fail(row, `${name} could not run: ${error.stack}`);
    }
  }

  /** Adds the result of a check. */
  add(row, name, { cells, failures, warnings = [] }) {
    this.checked += 1;
    this.row(row, cells);
    for (const failure of failures) this.fail(row, `${name}: ${failure}`);
    for (const warning of warnings) this.warn(row, `${name}: ${warning}`);
  }

  row(row, cells) {
    this.rows.set(row, { ...this.rows.get(row), ...cells });
  }

  fail(row, text) {
    this.failures.push({ row, text });
  }

  warn(row, text) {
    this.warnings.push({ row, text });
  }

  /** Prints the table and the lists. Returns whether there is no failure. */
  print() {
    if (this.checked === 0) this.fail('all pages', 'no check ran');
    const lines = [
      ['page', ...Object.values(COLUMNS)],
      Array(Object.keys(COLUMNS).length + 1).fill('---'),
      ...[...this.rows].map(([row, cells]) => [row, ...Object.keys(COLUMNS).map((column) => cells[column] ?? '')]),
    ];
    console.log(`\n${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}`);
    printList(`${this.warnings.length} warnings`, this.warnings);
    printList(`${this.failures.length} failures in ${this.checked} checks`, this.failures);
    return this.failures.length === 0;
  }
}

/** Prints the items of a list. An item of several rows is printed once. */
function printList(title, items) {
  console.log(`\n${title}\n`);
  const counts = new Map();
  const rowsOf = new Map();
  for (const { row, text } of items) {
    const count = (counts.get(row) ?? 0) + 1;
    counts.set(row, count);
    if (count <= MAX_ITEMS) rowsOf.set(text, new Set(rowsOf.get(text)).add(row));
  }
  for (const [text, rows] of rowsOf) console.log(`- ${[...rows].join(', ')}: ${text}`);
  for (const [row, count] of counts) {
    if (count > MAX_ITEMS) console.log(`- ${row}: and ${count - MAX_ITEMS} more`);
  }
}
