// A Chromium that can connect only to 127.0.0.1, and its pages.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer-core';

/** The screens of the checks: a phone and a desktop. */
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
  // The results are the same on all machines: images of other hosts never load.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Starts Chromium with an empty profile. The end of this program, of any kind, stops Chromium and removes the profile. */
export async function launch() {
  const userDataDir = mkdtempSync(join(tmpdir(), 'finews-chromium-'));
  try {
    return await puppeteer.launch({
      executablePath: findOnPath('chromium'),
      userDataDir,
      args: FLAGS,
      protocolTimeout: 60_000,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } finally {
    // Puppeteer has registered its own exit handler before this one, so Chromium is stopped first.
    process.once('exit', () => rmSync(userDataDir, { recursive: true, force: true, maxRetries: 9 }));
  }
}

/** Opens a page with an empty cache and no cookies, calls a function with it, and closes it. */
export async function withPage(browser, screen, run) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.setViewport(screen);
    return await run(page);
  } finally {
    await context.close();
  }
}

/** Selects the light or the dark colour scheme, without transitions. */
export function setColourScheme(page, scheme) {
  return page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
}

function findOnPath(program) {
  const path = process.env.PATH.split(delimiter).map((folder) => join(folder, program)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!path) throw new Error(`no ${program} on the PATH`);
  return path;
}
