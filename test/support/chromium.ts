/** Starts Chromium, where it is installed. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { closeAfterwards } from './cleanup.ts';
import { patienceMilliseconds } from './eventually.ts';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  process.env['CHROMIUM'] ?? '',
];

export const chromiumPath = places.find((path) => path !== '' && existsSync(path));

/** `describe` where Chromium is installed; elsewhere `describe.skip`, with a message. */
export const describeInChromium: typeof describe = (() => {
  if (chromiumPath) return describe;
  process.stderr.write(
    'No Chromium was found: the browser tests did not run. Install one, or set CHROMIUM to its path.\n',
  );
  return describe.skip;
})();

const launchOptions = {
  executablePath: chromiumPath!,
  timeout: patienceMilliseconds,
  args: [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--no-first-run',
  ],
};

/** @param options `hasBackForwardCache`: as in an ordinary Chromium; Playwright switches it off by default */
export async function openChromium({ hasBackForwardCache = false } = {}): Promise<Browser> {
  const without = hasBackForwardCache ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {};
  const browser = await chromium.launch({ ...launchOptions, ...without });
  closeAfterwards(browser);
  return browser;
}

/** Starts Chromium with a profile in a folder, which keeps its cookies. */
export async function openProfile(folder: string): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(folder, launchOptions);
  closeAfterwards(context);
  return context;
}
