/** A real browser, where one is installed. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  process.env['CHROMIUM'] ?? '',
];

export const chromiumPath = places.find((path) => path !== '' && existsSync(path));

/** `describe`, or one line that says what did not run. */
export const describeInChromium: typeof describe = (() => {
  if (chromiumPath) return describe;
  process.stderr.write(
    'No Chromium was found: the browser tests did not run. Install one, or set CHROMIUM to its path.\n',
  );
  return describe.skip;
})();

const launchOptions = {
  executablePath: chromiumPath!,
  args: [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--no-first-run',
  ],
};

export const openChromium = (): Promise<Browser> => chromium.launch(launchOptions);

/** A browser that keeps in a folder what browsers keep when they are closed. */
export const openProfile = (folder: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, launchOptions);
