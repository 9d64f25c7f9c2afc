// A reader with one browser window: the actions of the journeys.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { withPage } from './browser.mjs';

/** The longest wait for a condition, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** The pause between two evaluations of a condition, in milliseconds. */
const PAUSE_MS = 20;

/** A desktop window with light colours and scripts, the setting of most readers. */
export const DESKTOP = { width: 1440, dark: false, script: true };

export class Reader {
  /** Opens a window with an empty profile, runs a journey in it and closes it. */
  static async travel(browser, site, journey) {
    await withPage(browser, { width: 1440, height: 800 }, (page) => journey(new Reader(page, site)));
  }

  constructor(page, site) {
    Object.assign(this, { page, site });
  }

  /** Sets the width of the window, its colours, and whether scripts run. */
  async configure({ width, dark, script }) {
    await this.page.setViewport({ width, height: 800 });
    await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
    await this.page.setJavaScriptEnabled(script);
  }

  goto(path) {
    return this.page.goto(this.site.url(path));
  }

  /** The path and query of the current page. */
  get path() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  /** The text that an element shows. */
  async text(selector) {
    return (await this.page.$eval(selector, (element) => element.innerText)).trim();
  }

  /** The number of elements. */
  async count(selector) {
    return (await this.page.$$(selector)).length;
  }

  /** Clicks the first element that matches; an element that another one covers is an error. */
  async click(selector) {
    const element = await this.page.$(selector);
    assert(element, `no ${selector} on ${this.path}`);
    if (!await element.isIntersectingViewport({ threshold: 1 })) await element.scrollIntoView();
    const isCovered = await element.evaluate((element) => {
      const { left, top, width, height } = element.getClientRects()[0] ?? element.getBoundingClientRect();
      const hit = document.elementFromPoint(left + width / 2, top + height / 2);
      return !element.contains(hit);
    });
    assert(!isCovered, `${selector} on ${this.path} is covered or has no size`);
    await element.click();
  }

  /** Clicks a link and waits for its page. */
  async follow(selector) {
    await Promise.all([this.page.waitForNavigation(), this.click(selector)]);
  }

  /** Types a text, key by key. */
  type(text) {
    return this.page.keyboard.type(text);
  }

  /** Presses one key, by its name in the UI Events standard. */
  press(key) {
    return this.page.keyboard.press(key);
  }

  /** The value of an expression in the page. */
  evaluate(expression) {
    return this.page.evaluate(expression);
  }

  /** Waits for an expression in the page to become true. */
  async until(expression) {
    const deadline = Date.now() + TIMEOUT_MS;
    // A navigation destroys the context that evaluates the expression; the next attempt runs in the new page.
    const holds = () => this.evaluate(expression).catch((error) => {
      if (!/context was destroyed|cannot find context|detached/i.test(error.message)) throw error;
    });
    while (await holds() !== true) {
      assert(Date.now() < deadline, `not true within ${TIMEOUT_MS} ms: ${expression}`);
      await sleep(PAUSE_MS);
    }
  }

  /** Asserts that the page is no wider than the window. */
  async assertFits(label) {
    const excess = await this.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    assert.equal(excess, 0, `${label} is wider than the window`);
  }
}
