// The small sites of the journeys, and a post that arrives during a journey.

import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The number of posts of the long source. */
export const POSTS = 120;

const HOUR = 3_600_000;

/** A picture with two captions, each centred in a way of its own, a paragraph, and a picture without a caption. */
const CAPTIONS = '<center><img src="/images/a_w506h907.png" alt="表" width="506"></center>'
  + '<p style="text-align:center">图一</p><center><p>图二</p></center><p>正文。</p><p><img src="/images/b.png" alt=""></p><p>后文。</p>';

/** A source with three pages of posts that mention one security, an hour apart, the newest two hours old. */
export function longSource() {
  const newest = Date.now() - 2 * HOUR;
  const mention = '<a class="keytip" data-code="1,600001" href="https://q.example/">河滩股份</a>';
  const posts = Array.from({ length: POSTS }, (_, at) => {
    const [number, date] = [at + 1, new Date(newest - (POSTS - at - 1) * HOUR)];
    const text = `---\ntitle: 第 ${number} 条\ndate: ${moment(date)}\ncategories: hetan\n---\n<p>${mention}第 ${number} 条正文。</p>\n`;
    return [`_posts/${day(date)}-n${number}.md`, text];
  });
  return folder({
    '_config.yml': 'title: 长长的来源\nlang: zh-CN\npermalink: /:categories/:title.html\n',
    '_posts/2020-02-03-x.md': `---\ntitle: 别处\ncategories: jiangkou\n---\n${CAPTIONS}\n`,
    ...Object.fromEntries(posts),
  });
}

/** Sixty posts of two sources and three months, each with a mention of one of two securities. */
export function market() {
  const padded = (number) => String(number).padStart(2, '0');
  const posts = Array.from({ length: 60 }, (_, at) => {
    const number = at + 1;
    const [source, tag] = number % 5 === 0 ? ['hongwang', '红网新闻'] : ['emnews', '东方财富新闻'];
    const [code, name] = number % 2 === 0 ? [600160, '巨化股份'] : [600519, '贵州茅台'];
    const body = `<p>今日<a class="keytip" data-code="1,${code}">${name}</a>公告。</p>`;
    const text = `---\ntitle: 第${number}号公告\ncategories: ${source}\ntags: ${tag}\n---\n${body}\n`;
    return [`_posts/2024-${padded(number % 3 + 1)}-${padded(number % 28 + 1)}-n${number}.html`, text];
  });
  return folder({
    '_config.yml': 'title: 市场\nlang: zh-CN\ntimezone: Asia/Shanghai\n',
    ...Object.fromEntries(posts),
  });
}

/** Writes a post with the current time under another name, then renames it, as a careful scraper does. */
export async function publish(site, slug, title) {
  const now = new Date();
  const draft = join(site, '_posts/.draft');
  await writeFile(draft, `---\ntitle: ${title}\ndate: ${moment(now)}\ncategories: hetan\n---\n文\n`);
  await rename(draft, join(site, `_posts/${day(now)}-${slug}.md`));
}

const day = (date) => date.toISOString().slice(0, 10);
const moment = (date) => `${date.toISOString().slice(0, 19).replace('T', ' ')} +0000`;

/** A folder with these files. Node removes it when this program ends. */
async function folder(files) {
  const root = await mkdtemp(join(tmpdir(), 'finews-journey-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}
