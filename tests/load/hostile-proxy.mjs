// A proxy between the browser and finews. It changes the policy of pages, and serves pages with other bodies.

import { createServer, request } from 'node:http';

/** A policy that allows every script and every request. */
const PERMISSIVE = "default-src * data: blob: 'unsafe-inline' 'unsafe-eval'";

const POLICY = 'content-security-policy';

/** An article: the HTML before its body, the body, and the HTML after it. */
const ARTICLE = /^(.*<div class="body"[^>]*>\n)(.*)(\n {2}<\/div>\s*<footer class="article-footer">.*)$/s;

export class Proxy {
  /** Serves a site, or another of its origins, on a free port. `requested` collects the numbers of requested canaries. */
  static async create(site, origin = new URL(site.home).origin) {
    const response = await fetch(site.url(site.articles[0].url));
    const [, before, , after] = split(await response.text());
    const proxy = new Proxy();
    const policy = response.headers.get(POLICY);
    Object.assign(proxy, { site, target: origin, before, after, policy, pages: [], requested: new Set() });
    const server = createServer((request, response) => proxy.respond(request, response));
    // An open event stream must not keep this program alive.
    server.unref();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy.origin = `http://127.0.0.1:${server.address().port}`;
    return proxy;
  }

  /** Adds an article with this body, which passes no cleaning, and returns its URL. */
  page(body, { charset = 'utf-8', hasPolicy = false } = {}) {
    const content = Buffer.concat([Buffer.from(this.before), body, Buffer.from(this.after)]);
    const headers = { 'content-type': `text/html; charset=${charset}`, [POLICY]: hasPolicy ? this.policy : PERMISSIVE };
    this.pages.push({ headers, content });
    return `${this.origin}/made/${this.pages.length - 1}`;
  }

  /** The body of an article, as finews serves it. */
  async bodyOf(url) {
    return split((await this.site.get(url)).text)[2];
  }

  respond(request, response) {
    const [, folder, number] = request.url.match(/^\/(ran|made)\/(\d+)/) ?? [];
    if (folder === 'made') {
      const { headers, content } = this.pages[number];
      return response.writeHead(200, headers).end(content);
    }
    if (folder !== 'ran') return this.forward(request, response);
    this.requested.add(Number(number));
    // After a 204 the browser stays on its page.
    return response.writeHead(204).end();
  }

  forward({ url, method, headers }, response) {
    const upstreamRequest = request(this.target, { path: url, method, headers }, (upstreamResponse) => {
      response.writeHead(upstreamResponse.statusCode, { ...upstreamResponse.headers, [POLICY]: PERMISSIVE });
      upstreamResponse.on('error', () => response.destroy());
      upstreamResponse.pipe(response);
    });
    upstreamRequest.on('error', () => response.destroy());
    response.on('close', () => upstreamRequest.destroy());
    upstreamRequest.end();
  }
}

function split(html) {
  const match = html.match(ARTICLE);
  if (!match) throw new Error('the article has no body at the expected place');
  return match;
}
