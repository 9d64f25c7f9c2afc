// Finds one page of each kind as a reader does: by links, and by the pattern of their paths.

/** The largest number of pages that the search for links reads. */
const MAX_PAGES = 400;

/** Every kind of page by name, with a path, a pattern for the path of a link, or a function of the pages found so far. */
const KINDS = {
  'home': '/',
  'article': ({ site }) => article(site, () => true),
  'article with securities': ({ site }) => article(site, (body) => /\/(unify\/r|stock|board)\//.test(body)),
  'article with a table': ({ site }) => article(site, (body) => body.includes('<table')),
  'article with an image': ({ site }) => article(site, (body) => body.includes('<img')),
  'sources': '/category/',
  'source': /^\/category\/[^/]+\.html$/,
  'numbered source': ({ found }) => found.source?.replace(/\.html$/, '/1.html'),
  'tags': '/tag/',
  'tag': /^\/tag\/[^/]+\.html$/,
  'year': /^\/\d{4}\/$/,
  'month': /^\/\d{4}\/\d\d\/$/,
  'day': /^\/\d{4}\/\d\d\/\d\d\/$/,
  'numbered day': ({ found }) => found.day?.concat('1/'),
  'securities': '/stock/',
  'security': /^\/stock\/[^/]+\.html$/,
  'sector': /^\/board\/[^/]+\.html$/,
  'search': `/search?q=${encodeURIComponent('银行')}`,
  'data': '/archive/',
  'own page': '/about/',
  'not found': '/there-is-no-such-page/',
};

/** A page of each kind: its kind, its path, and the reason if it is missing. */
export async function pages(site) {
  const links = new Links(site);
  const found = {};
  const pages = [];
  for (const [kind, rule] of Object.entries(KINDS)) {
    let path = rule;
    if (rule instanceof RegExp) path = await links.first(rule);
    if (rule instanceof Function) path = rule({ site, found });
    const missing = await missingReason(site, kind, path);
    if (!missing) found[kind] = path;
    pages.push({ kind, path, missing });
  }
  return pages;
}

async function missingReason(site, kind, path) {
  if (!path) return 'no link and no article leads to such a page';
  const { status, type } = await site.get(path);
  if (status !== (kind === 'not found' ? 404 : 200)) return `${path} has the status ${status}`;
  return type.startsWith('text/html') ? undefined : `${path} has the type ${type}`;
}

/** The newest article whose body meets a condition. */
function article(site, condition) {
  return site.articles.find(({ body }) => condition(body))?.url;
}

/** The path of the security whose page lists most articles. */
export async function mostMentioned(site) {
  const mentions = new Map();
  const articles = new Set(site.articles.map(({ url }) => url));
  for (const path of linksOf(site, (await site.get('/stock/')).text)) {
    if (!KINDS.security.test(path) || mentions.has(path)) continue;
    const links = new Set(linksOf(site, (await site.get(path)).text));
    mentions.set(path, [...links].filter((link) => articles.has(link)).length);
  }
  return [...mentions].reduce((most, next) => (next[1] > most[1] ? next : most), [undefined, -1])[0];
}

/** The links of a site in the order of their distance from the front page. It reads pages only as far as needed. */
class Links {
  constructor(site) {
    this.site = site;
    this.paths = new Set(['/', '/category/', '/tag/', '/stock/']);
    this.read = new Set();
  }

  /** The first path that matches. */
  async first(pattern) {
    // The loop also visits paths that `follow` adds to the set.
    for (const path of this.paths) {
      if (pattern.test(path)) return path;
      if (!this.read.has(path) && this.read.size < MAX_PAGES && /(\/|\.html)$/.test(path)) await this.follow(path);
    }
    return undefined;
  }

  async follow(path) {
    this.read.add(path);
    const { status, type, text } = await this.site.get(path);
    if (status !== 200 || !type.startsWith('text/html')) return;
    for (const link of linksOf(this.site, text)) this.paths.add(link);
  }
}

/** The paths of this site that a page links to, without `baseurl`. */
function linksOf(site, html) {
  const home = new URL(site.home);
  const base = home.pathname.replace(/\/$/, '');
  return [...html.matchAll(/<a\b[^>]*?\bhref="([^"#]+)/g)]
    .map(([, href]) => href.replaceAll('&amp;', '&'))
    .filter((href) => URL.canParse(href, home))
    .map((href) => new URL(href, home))
    .filter((url) => url.origin === home.origin && url.pathname.startsWith(`${base}/`))
    .map((url) => url.pathname.slice(base.length));
}
