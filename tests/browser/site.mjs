// A finews that runs: started on free ports, ready, and ended whatever happens.

import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Nothing that is waited for takes longer, in milliseconds. */
const PATIENCE = 20_000;

/** What is set here for another finews must not change this one. */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FINEWS_')));

export class Site {
  /**
   * @param {string} folder the folder of the site
   * @param {string} home the URL of the front page, without its last slash
   * @param {string} admin the origin of the admin listener
   */
  constructor({ child, folder, home, admin, articles }) {
    Object.assign(this, { child, folder, home, admin, articles });
  }

  /** Serves a folder, and returns when its archive is loaded. */
  static async serve(finews, folder) {
    const child = spawn(finews, ['serve', folder, '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--search-rate', 'off'], {
      env: ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // Also when this program ends in a way that runs no `finally`.
    process.once('exit', () => child.kill('SIGKILL'));
    try {
      const [origin, admin] = await listening(child);
      await ready(origin);
      const home = origin + await baseurl(folder);
      return new Site({ child, folder, home, admin, articles: await list(finews, folder) });
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** The address of a path of this site, as other programs are given it. */
  url(path) {
    return new URL(this.home + path).href;
  }

  /** GETs a path; redirects are not followed. */
  async get(path) {
    const reply = await fetch(this.url(path), { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) });
    return { status: reply.status, type: reply.headers.get('content-type') ?? '', text: await reply.text() };
  }

  /** Returns when the search index holds every post. */
  async searchable() {
    const deadline = Date.now() + PATIENCE;
    while (Date.now() < deadline) {
      const { text } = await this.get('/readyz?verbose');
      if (/^search: ok$/m.test(text)) return;
      await sleep(50);
    }
    throw new Error('the search index was not ready in time');
  }

  async end() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
    this.child.kill('SIGKILL');
  }
}

/** The origins of the public listener and of the admin listener, from the log. The function goes on to read the log. */
function listening(child) {
  return new Promise((resolve, reject) => {
    const log = [];
    const origins = [];
    const fail = (why) => reject(new Error(`finews ${why}; its log:\n${log.join('\n')}`));
    setTimeout(fail, PATIENCE, 'did not listen in time').unref();
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`ended with ${code}`));
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      // finews logs the public listener first.
      const [origin] = line.match(/http:\/\/[\d.]+:\d+/) ?? [];
      if (origin && origins.push(origin) === 2) resolve(origins);
    });
  });
}

async function ready(origin) {
  const deadline = Date.now() + PATIENCE;
  while (Date.now() < deadline) {
    const reply = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(PATIENCE) });
    if (reply.ok) return;
    await sleep(50);
  }
  throw new Error('finews was not ready in time');
}

/** The folder that a site is served in, by its configuration. */
async function baseurl(folder) {
  const config = await readFile(join(folder, '_config.yml'), 'utf8').catch(() => '');
  return config.match(/^baseurl:\s*["']?([^"'\s#]*)/m)?.[1].replace(/\/$/, '') ?? '';
}

/** Every article as `finews list` tells it, newest first. */
async function list(finews, folder) {
  const { stdout } = await promisify(execFile)(finews, ['list', folder, '--body'], {
    env: ENVIRONMENT, maxBuffer: 1 << 30, timeout: PATIENCE,
  });
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
