// The inputs of `hostile.json`, numbered, and sites that are made of them.
//
// An input is a body of HTML, or with `markdown` of Markdown; a part of it may be a text and how often it stands there.
// `front` is its front matter, `slug` the name of its file, `file` says that the body is all of the file, `bytes` that
// its characters are bytes, of `charset` if a browser is told one. `asked` is no body but a query. `raw` is the HTML
// that a careless renderer would make of it, and `fires` says that Chromium runs that.
//
// RUN stands for what tells that it ran, CANARY for an address that nobody has a reason to ask, and NUMBER for the
// number of the input.

import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the pages say that they are; their absolute links lead there. */
export const HOME = 'https://news.example.com';

/** The number of what the configuration holds. */
const OWNER = 0;

/** Every input, in order: numbers begin with 1. */
export async function inputs() {
  const groups = JSON.parse(await readFile(join(import.meta.dirname, 'hostile.json'), 'utf8'));
  const all = Object.entries(groups).flatMap(([group, members]) => members.map((input) => ({ group, ...input })));
  return all.map((input, at) => {
    const number = at + 1;
    const filled = fill(input, number);
    return { raw: filled.body, ...filled, number, label: `${number} ${input.group}: ${input.name}` };
  });
}

/** What stands for an input's number, in any part of it. */
function fill(value, number) {
  if (typeof value === 'string') {
    return value.replaceAll('RUN', `ran(${number})`).replaceAll('CANARY', `/ran/${number}`).replaceAll('NUMBER', number);
  }
  if (!value || typeof value !== 'object') return value;
  const filled = Object.fromEntries(Object.entries(value).map(([name, part]) => [
    name,
    name === 'body' && Array.isArray(part) ? fill(joined(part), number) : fill(part, number),
  ]));
  return Array.isArray(value) ? Object.values(filled) : filled;
}

function joined(parts) {
  return parts.map((part) => (Array.isArray(part) ? part[0].repeat(part[1]) : part)).join('');
}

/** The bytes of a text of an input. */
export function encoded({ bytes }, text) {
  return Buffer.from(text, bytes ? 'latin1' : 'utf8');
}

/**
 * Writes a site of all inputs, gone when this program ends. With `markdown` bodies of HTML are read as Markdown,
 * which finews does with most archives.
 */
export async function layOut(all, { images, markdown }) {
  const folder = await mkdtemp(join(tmpdir(), 'finews-hostile-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await mkdir(join(folder, '_posts'));
  await writeFile(join(folder, '_config.yml'), config(images));
  const bodies = all.filter(({ asked }) => !asked);
  for (const input of bodies) {
    const extension = markdown || input.markdown ? 'md' : 'html';
    await writeFile(join(folder, '_posts', `${stem(input)}.${extension}`), post(input));
  }
  // A page of the site's own, with every body of some kinds one after the other.
  const own = bodies.filter(({ group }) => ['events', 'addresses', 'attributes'].includes(group));
  await writeFile(join(folder, 'own.html'), `---\ntitle: ${title(own[0])}\n---\n${own.map(({ body }) => body).join('\n\n')}`);
  return folder;
}

/** The name of an input's file, without what says its format. */
export function stem({ number, slug }) {
  return `2026-0${1 + (number % 3)}-${10 + (number % 7)}-${slug ?? `n${number}`}`;
}

function post(input) {
  if (input.file) return encoded(input, input.body);
  const { number, name, front = {} } = input;
  const fields = { title: `${number} ${name}`, categories: [`c${number % 3}`], tags: [`t${number % 4}`], ...front };
  const lines = Object.entries(fields).filter(([, value]) => value !== null);
  // A value as JSON has it is one as YAML has it.
  const head = lines.map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('');
  return Buffer.concat([Buffer.from(`---\n${head}---\n`), encoded(input, input.body)]);
}

function title({ number }) {
  return JSON.stringify(`</title><script>ran(${number})</script>`);
}

/** The owner may be trusted, but what is no HTML by contract is escaped, and the footer is cleaned. */
function config(images) {
  const image = `<img src=x onerror=ran(${OWNER})>`;
  const script = `</script></title><script>ran(${OWNER})</script>`;
  const text = JSON.stringify(`" onmouseover="ran(${OWNER}) ${image} ${script}`);
  return `title: ${text}
description: ${text}
author: ${text}
url: ${HOME}
timezone: Asia/Shanghai
feed: { posts_limit: 200 }
finews:
  source: true
  images: ${images}
  legacy_hosts: [old.example]
  names: { c0: ${text}, c1: ${JSON.stringify(image)} }
  nav: [{ label: ${text}, url: "/own.html?\\" onclick=\\"ran(${OWNER})" }]
  footer: ${JSON.stringify(`${image}${script}<a href="javascript:ran(${OWNER})">x</a><svg><style><b title="</style>${image}">`)}
`;
}
