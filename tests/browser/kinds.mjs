// One page of each kind, found as a reader finds it: by following links, known by the shape of their addresses.

/** How many pages are read before a kind is given up. */
const MOST_PAGES = 400;

/**
 * Every kind of page that there is, by name, each with how it is found: a path, a shape that the
 * path of a link has, or a function of what has been found already.
 */
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

/** A page of each kind: its kind and path, and why it is missing if it is. */
export async function pages(site) {
  const links = new Links(site);
  const found = {};
  const pages = [];
  for (const [kind, way] of Object.entries(KINDS)) {
    let path = way;
    if (way instanceof RegExp) path = await links.first(way);
    if (way instanceof Function) path = way({ site, found });
    const missing = await whyMissing(site, kind, path);
    if (!missing) found[kind] = path;
    pages.push({ kind, path, missing });
  }
  return pages;
}

async function whyMissing(site, kind, path) {
  if (!path) return 'no link and no article leads to one';
  const { status, type } = await site.get(path);
  if (status !== (kind === 'not found' ? 404 : 200)) return `${path} answers ${status}`;
  return type.startsWith('text/html') ? undefined : `${path} is ${type}`;
}

/** The newest article whose body is such. */
function article(site, isSuch) {
  return site.articles.find(({ body }) => isSuch(body))?.url;
}

/** The security that most articles are listed for. */
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

/** The links of a site, nearest to its front page first, whose pages are read as they are needed. */
class Links {
  constructor(site) {
    this.site = site;
    this.paths = new Set(['/', '/category/', '/tag/', '/stock/']);
    this.read = new Set();
  }

  /** The first path that has this shape. */
  async first(shape) {
    // What is added to the set while it is gone through is gone through as well.
    for (const path of this.paths) {
      if (shape.test(path)) return path;
      if (!this.read.has(path) && this.read.size < MOST_PAGES && /(\/|\.html)$/.test(path)) await this.follow(path);
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

/** The paths of this site that a page links to, with `baseurl` taken off. */
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
