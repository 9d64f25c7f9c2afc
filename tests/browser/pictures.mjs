// Makes the pictures of the README from the sample archive, into docs/. It needs what check.mjs needs; from the root:
//
//   node tests/browser/pictures.mjs --finews target/release/finews [--out DIR]

import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import UPNG from 'upng-js';
import { colours, launch, SCREENS, withPage } from './browser.mjs';
import { mostMentioned, pages } from './kinds.mjs';
import { Site } from './site.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

/** No picture takes more bytes. */
const MOST_BYTES = 300_000;

const { values } = parseArgs({
  options: { finews: { type: 'string' }, out: { type: 'string', default: join(ROOT, 'docs') } },
});
if (!values.finews) throw new Error('--finews PATH is needed');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const [phone, desk] = SCREENS;
const site = await Site.serve(values.finews, ROOT);
const browser = await launch();
try {
  const { path: article } = (await pages(site)).find(({ kind }) => kind === 'article with securities');
  await picture('home.png', '/', desk, 'light');
  await picture('article-dark-phone.png', article, phone, 'dark');
  const security = await mostMentioned(site);
  if (!security) throw new Error('/stock/ leads to no security');
  await picture('security.png', security, desk, 'light');
} finally {
  await browser.close();
  await site.end();
}

async function picture(name, path, screen, scheme) {
  const shot = await withPage(browser, screen, async (page) => {
    await colours(page, scheme);
    const reply = await page.goto(site.url(path));
    if (!reply.ok()) throw new Error(`${path} answers ${reply.status()}`);
    return UPNG.decode(await page.screenshot());
  });
  // A page has few colours: with a palette it takes a third of the bytes.
  const bytes = Buffer.from(UPNG.encode(UPNG.toRGBA8(shot), shot.width, shot.height, 256));
  if (bytes.length > MOST_BYTES) throw new Error(`${name} takes ${bytes.length} bytes of ${MOST_BYTES}`);
  await writeFile(join(values.out, name), bytes);
  console.log(`${name}: ${path}, ${shot.width}x${shot.height}, ${bytes.length} bytes`);
}
