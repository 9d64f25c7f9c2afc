// A running finews on free ports, which this program stops at its end.

import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The timeout of each wait, in milliseconds. */
const TIMEOUT_MS = 20_000;

/** The environment without the settings of finews, which are for other instances. */
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
    // The exit handler also covers an end of this program that runs no `finally`.
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

  /** The absolute URL of a path of this site. */
  url(path) {
    return new URL(this.home + path).href;
  }

  /** GETs a path without following redirects. */
  async get(path) {
    const response = await fetch(this.url(path), { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
  }

  /** Returns when the search index holds every post. */
  async searchable() {
    const deadline = Date.now() + TIMEOUT_MS;
    while (Date.now() < deadline) {
      const { text } = await this.get('/readyz?verbose');
      if (/^search: ok$/m.test(text)) return;
      await sleep(50);
    }
    throw new Error('the search index was not ready in time');
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await Promise.race([exited, sleep(5_000, undefined, { ref: false })]);
    this.child.kill('SIGKILL');
  }
}

/** The origins of the public listener and of the admin listener, from the log. The function goes on to read the log. */
function listening(child) {
  return new Promise((resolve, reject) => {
    const log = [];
    const origins = [];
    const fail = (reason) => reject(new Error(`finews ${reason}; its log:\n${log.join('\n')}`));
    setTimeout(fail, TIMEOUT_MS, 'did not listen in time').unref();
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`exited with ${code}`));
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      // finews logs the public listener first.
      const [origin] = line.match(/http:\/\/[\d.]+:\d+/) ?? [];
      if (origin && origins.push(origin) === 2) resolve(origins);
    });
  });
}

async function ready(origin) {
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    const response = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return;
    await sleep(50);
  }
  throw new Error('finews was not ready in time');
}

/** The `baseurl` of a site's configuration. */
async function baseurl(folder) {
  const config = await readFile(join(folder, '_config.yml'), 'utf8').catch(() => '');
  return config.match(/^baseurl:\s*["']?([^"'\s#]*)/m)?.[1].replace(/\/$/, '') ?? '';
}

/** All articles in the output of `finews list`, newest first. */
async function list(finews, folder) {
  const { stdout } = await promisify(execFile)(finews, ['list', folder, '--body'], {
    env: ENVIRONMENT, maxBuffer: 1 << 30, timeout: TIMEOUT_MS,
  });
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
