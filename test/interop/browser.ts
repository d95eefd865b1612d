/** The browser of an interop run, and the trace of a visit. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const candidates = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export async function openBrowser(): Promise<Browser> {
  const executablePath = candidates.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium was found: install one, or set CHROMIUM to its path');
  const args = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  // On a signal the tool stops the browser together with the other programs.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  return chromium.launch({ executablePath, args, ...signals });
}

export interface Visit {
  page: Page;
  /** Navigations, failed requests and errors of scripts, in order. */
  trace: string[];
  /** Address of the current page, when its status is 400 and above. */
  errorPage: string | undefined;
}

/** Makes one line of at most 600 characters, with JWTs cut. */
export const shorten = (text: string): string =>
  text
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJ…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 600);

/** The trace has failed requests already. */
const isFailedRequest = (message: string): boolean => message.startsWith('Failed to load resource');

export async function openVisit(context: BrowserContext): Promise<Visit> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const visit: Visit = { page, trace: [], errorPage: undefined };
  const note = (line: string) => void visit.trace.push(shorten(line));
  page.on('response', (response) => {
    const [request, status, url] = [response.request(), response.status(), response.url()];
    if (url.endsWith('/favicon.ico')) return;
    const isNavigation = request.isNavigationRequest() && request.frame() === page.mainFrame();
    if (isNavigation) visit.errorPage = status >= 400 ? url : undefined;
    if (isNavigation || status >= 400) note(`${status} ${request.method()} ${url}`);
  });
  page.on('requestfailed', (request) => note(`${request.failure()?.errorText} ${request.method()} ${request.url()}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isFailedRequest(message.text())) note(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`script: ${error.message}`));
  return visit;
}
