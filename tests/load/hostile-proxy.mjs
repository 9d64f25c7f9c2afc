// A server between the browser and finews, which changes what finews itself never would: the policy, and a body.

import { createServer, request } from 'node:http';

/** Lets everything run, and everything be asked for. */
const PERMISSIVE = "default-src * data: blob: 'unsafe-inline' 'unsafe-eval'";

const POLICY = 'content-security-policy';

/** An article: what stands before its body, its body, and what stands after it. */
const ARTICLE = /^(.*<div class="body"[^>]*>\n)(.*)(\n {2}<\/div>\s*<footer class="article-footer">.*)$/s;

export class Proxy {
  /** Serves a site on a free port, or what is at another origin of it, each with addresses that only it has asked for. */
  static async of(site, origin = new URL(site.home).origin) {
    const reply = await fetch(site.url(site.articles[0].url));
    const [, before, , after] = parts(await reply.text());
    const proxy = new Proxy();
    Object.assign(proxy, { site, served: origin, before, after, policy: reply.headers.get(POLICY), made: [], asked: new Set() });
    const server = createServer((asked, answer) => proxy.answer(asked, answer));
    // A stream of news that stays open must not keep this program alive.
    server.unref();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy.origin = `http://127.0.0.1:${server.address().port}`;
    return proxy;
  }

  /** The address of an article that has this body, which nobody cleans. */
  page(body, { charset = 'utf-8', isHeld = false } = {}) {
    const content = Buffer.concat([Buffer.from(this.before), body, Buffer.from(this.after)]);
    const headers = { 'content-type': `text/html; charset=${charset}`, [POLICY]: isHeld ? this.policy : PERMISSIVE };
    this.made.push({ headers, content });
    return `${this.origin}/made/${this.made.length - 1}`;
  }

  /** The body of an article, as it is served. */
  async bodyOf(url) {
    return parts((await this.site.get(url)).text)[2];
  }

  answer(asked, reply) {
    const [, place, number] = asked.url.match(/^\/(ran|made)\/(\d+)/) ?? [];
    if (place === 'made') {
      const { headers, content } = this.made[number];
      return reply.writeHead(200, headers).end(content);
    }
    if (place !== 'ran') return this.pass(asked, reply);
    this.asked.add(Number(number));
    // Whoever navigates here stays where it is.
    return reply.writeHead(204).end();
  }

  pass({ url, method, headers }, reply) {
    const onward = request(this.served, { path: url, method, headers }, (answer) => {
      reply.writeHead(answer.statusCode, { ...answer.headers, [POLICY]: PERMISSIVE });
      answer.on('error', () => reply.destroy());
      answer.pipe(reply);
    });
    onward.on('error', () => reply.destroy());
    reply.on('close', () => onward.destroy());
    onward.end();
  }
}

function parts(html) {
  const found = html.match(ARTICLE);
  if (!found) throw new Error('an article has no body where it is looked for');
  return found;
}
