// A Chromium that reaches no host but this one, and pages in it.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer-core';

/** The screens that pages are looked at on: a phone and a desk. */
export const SCREENS = [
  { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  { width: 1440, height: 900 },
];

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // The same everywhere: images at other hosts never come.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Starts Chromium with an empty profile. Both are gone when this program ends, however it ends. */
export async function launch() {
  const userDataDir = mkdtempSync(join(tmpdir(), 'finews-chromium-'));
  try {
    return await puppeteer.launch({
      executablePath: onPath('chromium'),
      userDataDir,
      args: FLAGS,
      protocolTimeout: 60_000,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } finally {
    // Puppeteer kills Chromium at the exit as well, and by now has asked for it first.
    process.once('exit', () => rmSync(userDataDir, { recursive: true, force: true, maxRetries: 9 }));
  }
}

/** Does something with a page of a browser that has seen nothing yet. */
export async function withPage(browser, screen, use) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.setViewport(screen);
    return await use(page);
  } finally {
    await context.close();
  }
}

/** Chooses the light or the dark colours, with nothing that still moves towards them. */
export function colours(page, scheme) {
  return page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
}

function onPath(program) {
  const found = process.env.PATH.split(delimiter).map((folder) => join(folder, program)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`no ${program} on the PATH`);
  return found;
}
