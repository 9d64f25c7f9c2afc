// The inputs of `hostile.json`, numbered, and sites of these inputs.
//
// `body` is the input as HTML, or as Markdown with `markdown`; an array in it holds a text and the number of its
// repetitions. `front` is the front matter, `slug` the name of the file. With `file` the body is the whole file. With
// `bytes` each character of the body is one byte; `charset` is the encoding in the header of the page. `query` is a
// search, in an input without a body. `raw` is the HTML that a careless renderer makes of the input; with `runs` Chromium
// runs this HTML.
//
// In an input, RUN is a call that reports its number, CANARY is a path that only this input can request, and NUMBER is
// the input's number.

import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The site's URL in its configuration, and so the start of its absolute links. */
export const HOME = 'https://news.example.com';

/** The number that scripts in the configuration report. */
const CONFIG = 0;

/** All inputs in order. The first number is 1. */
export async function readInputs() {
  const groups = JSON.parse(await readFile(join(import.meta.dirname, 'hostile.json'), 'utf8'));
  const all = Object.entries(groups).flatMap(([group, members]) => members.map((input) => ({ group, ...input })));
  return all.map((input, at) => {
    const number = at + 1;
    const filled = fill(input, number);
    return { raw: filled.body, ...filled, number, label: `${number} ${input.group}: ${input.name}` };
  });
}

/** Replaces the placeholders in every part of an input. */
function fill(value, number) {
  if (typeof value === 'string') {
    return value.replaceAll('RUN', `ran(${number})`).replaceAll('CANARY', `/ran/${number}`).replaceAll('NUMBER', number);
  }
  if (!value || typeof value !== 'object') return value;
  const filled = Object.fromEntries(Object.entries(value).map(([name, part]) => [
    name,
    name === 'body' && Array.isArray(part) ? fill(expand(part), number) : fill(part, number),
  ]));
  return Array.isArray(value) ? Object.values(filled) : filled;
}

/** Repeats the texts of a body. */
function expand(parts) {
  return parts.map((part) => (Array.isArray(part) ? part[0].repeat(part[1]) : part)).join('');
}

/** The bytes of an input's text. */
export function encode({ bytes }, text) {
  return Buffer.from(text, bytes ? 'latin1' : 'utf8');
}

/**
 * Writes a site of all inputs to a folder, which Node removes at the exit. With `markdown` all bodies are in Markdown
 * files, as in most archives.
 */
export async function writeSite(all, { images, markdown }) {
  const folder = await mkdtemp(join(tmpdir(), 'finews-hostile-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await mkdir(join(folder, '_posts'));
  await writeFile(join(folder, '_config.yml'), config(images));
  const bodies = all.filter(({ query }) => !query);
  for (const input of bodies) {
    const extension = markdown || input.markdown ? 'md' : 'html';
    await writeFile(join(folder, '_posts', `${stem(input)}.${extension}`), post(input));
  }
  // A page of the site itself, with all bodies of some groups.
  const own = bodies.filter(({ group }) => ['events', 'addresses', 'attributes'].includes(group));
  await writeFile(join(folder, 'own.html'), `---\ntitle: ${title(own[0])}\n---\n${own.map(({ body }) => body).join('\n\n')}`);
  return folder;
}

/** The name of an input's file, without its extension. */
export function stem({ number, slug }) {
  return `2026-0${1 + (number % 3)}-${10 + (number % 7)}-${slug ?? `n${number}`}`;
}

function post(input) {
  if (input.file) return encode(input, input.body);
  const { number, name, front = {} } = input;
  const fields = { title: `${number} ${name}`, categories: [`c${number % 3}`], tags: [`t${number % 4}`], ...front };
  const lines = Object.entries(fields).filter(([, value]) => value !== null);
  // Every JSON value is a YAML value.
  const head = lines.map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('');
  return Buffer.concat([Buffer.from(`---\n${head}---\n`), encode(input, input.body)]);
}

function title({ number }) {
  return JSON.stringify(`</title><script>ran(${number})</script>`);
}

/** The operator is trusted, but finews escapes every setting that is plain text, and cleans the footer. */
function config(images) {
  const image = `<img src=x onerror=ran(${CONFIG})>`;
  const script = `</script></title><script>ran(${CONFIG})</script>`;
  const text = JSON.stringify(`" onmouseover="ran(${CONFIG}) ${image} ${script}`);
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
  nav: [{ label: ${text}, url: "/own.html?\\" onclick=\\"ran(${CONFIG})" }]
  footer: ${JSON.stringify(`${image}${script}<a href="javascript:ran(${CONFIG})">x</a><svg><style><b title="</style>${image}">`)}
`;
}
