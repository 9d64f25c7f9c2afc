// Writes the pictures of the README to docs/, from the sample archive. It has the same requirements as check.mjs. From the
// root:
//
//   node tests/browser/pictures.mjs --finews target/release/finews [--out DIR]

import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import UPNG from 'upng-js';
import { launch, SCREENS, setColourScheme, withPage } from './browser.mjs';
import { mostMentioned, pages } from './kinds.mjs';
import { Site } from './site.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

/** The largest size of a picture, in bytes. */
const MAX_BYTES = 300_000;

const { values } = parseArgs({
  options: { finews: { type: 'string' }, out: { type: 'string', default: join(ROOT, 'docs') } },
});
if (!values.finews) throw new Error('--finews PATH is needed');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const [phone, desktop] = SCREENS;
const site = await Site.serve(values.finews, ROOT);
const browser = await launch();
try {
  const { path: article } = (await pages(site)).find(({ kind }) => kind === 'article with securities');
  await picture('home.png', '/', desktop, 'light');
  await picture('article-dark-phone.png', article, phone, 'dark');
  const security = await mostMentioned(site);
  if (!security) throw new Error('/stock/ links to no security');
  await picture('security.png', security, desktop, 'light');
} finally {
  await browser.close();
  await site.stop();
}

async function picture(name, path, screen, scheme) {
  const screenshot = await withPage(browser, screen, async (page) => {
    await setColourScheme(page, scheme);
    const response = await page.goto(site.url(path));
    if (!response.ok()) throw new Error(`${path} has the status ${response.status()}`);
    return UPNG.decode(await page.screenshot());
  });
  // A page has few colours: a palette reduces the picture to a third of its bytes.
  const bytes = Buffer.from(UPNG.encode(UPNG.toRGBA8(screenshot), screenshot.width, screenshot.height, 256));
  if (bytes.length > MAX_BYTES) throw new Error(`${name} has ${bytes.length} bytes, more than ${MAX_BYTES}`);
  await writeFile(join(values.out, name), bytes);
  console.log(`${name}: ${path}, ${screenshot.width}x${screenshot.height}, ${bytes.length} bytes`);
}
