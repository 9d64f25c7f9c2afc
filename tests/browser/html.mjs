// The Nu HTML checker, in one run for all pages.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import vnu from 'vnu-jar';

/** The largest number of articles to check. */
const MAX_ARTICLES = 200;

/** A page with an error, which shows that the checker works. */
const BROKEN = '<!doctype html><html lang=en><title>Broken</title><p></b>';

/** Checks these pages and the articles. Returns the results by kind of page. */
export async function validity(site, pages) {
  const folder = temporaryFolder();
  const articles = site.articles.slice(0, MAX_ARTICLES).map(({ url }) => url);
  const files = [
    ...pages.map(({ kind, path }) => ({ kind, path })),
    ...articles.map((path) => ({ kind: `${articles.length} articles`, path })),
  ];
  for (const [i, file] of files.entries()) {
    file.name = join(folder, `${i}.html`);
    await writeFile(file.name, (await site.get(file.path)).text);
  }
  const broken = join(folder, 'broken.html');
  await writeFile(broken, BROKEN);
  const messages = await check(['--html', ...files.map(({ name }) => name), broken]);
  if (!messages.get('broken.html')?.some(isError)) throw new Error('the checker reports no error for a page with an error');
  return byKind(files, messages);
}

/** The checker's messages about the style sheets of a page. They are only warnings: the checker does not know all of CSS. */
export async function styles(site, path) {
  const folder = temporaryFolder();
  const links = [...(await site.get(path)).text.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)];
  if (links.length === 0) throw new Error(`${path} links to no style sheet`);
  const files = [];
  for (const [, href] of links) {
    files.push(join(folder, basename(href)));
    await writeFile(files.at(-1), await (await fetch(new URL(href, site.home))).text());
  }
  const messages = await check(['--css', ...files]);
  return [...messages].flatMap(([name, list]) => list.map((message) => `${name}:${format(message)}`));
}

/** Makes a temporary folder, which Node removes at the exit. */
function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'finews-html-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  return folder;
}

/** Runs the checker. Returns its messages by file name. */
async function check(args) {
  const { stdout } = await promisify(execFile)(
    'java', ['-Xss4m', '-jar', String(vnu), '--format', 'json', '--stdout', '--exit-zero-always', ...args],
    { maxBuffer: 1 << 28, timeout: 120_000 },
  );
  const messages = new Map();
  for (const message of JSON.parse(stdout).messages) {
    const name = basename(message.url ?? 'the checker itself');
    messages.set(name, [...messages.get(name) ?? [], message]);
  }
  return messages;
}

function byKind(files, messages) {
  const results = {};
  for (const { kind, path, name } of files) {
    const result = results[kind] ??= { failures: [], warnings: [] };
    for (const message of messages.get(basename(name)) ?? []) {
      (isError(message) ? result.failures : result.warnings).push(`${path}:${format(message)}`);
    }
  }
  for (const result of Object.values(results)) result.cells = { html: result.failures.length };
  return results;
}

const isError = ({ type }) => type !== 'info';

const format = ({ lastLine, message, extract }) => `${lastLine}: ${message} [${extract?.replace(/\s+/g, ' ').trim()}]`;
