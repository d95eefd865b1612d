/** The browser of an interop run, and what it met on the way. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const places = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export async function openBrowser(): Promise<Browser> {
  const executablePath = places.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium was found: install one, or set CHROMIUM to its path');
  const args = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  // The run itself decides what happens on a signal: it has more to stop than the browser.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  return chromium.launch({ executablePath, args, ...signals });
}

export interface Visit {
  page: Page;
  /** Navigations, failures and complaints, in their order. */
  trace: string[];
  /** The page, when it was answered by an error. */
  refusedAt: string | undefined;
}

/** One line for people; tokens are cut. */
export const shorten = (text: string): string =>
  text
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJ…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 600);

const isNews = (complaint: string): boolean => !complaint.startsWith('Failed to load resource');

export async function openVisit(context: BrowserContext): Promise<Visit> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const visit: Visit = { page, trace: [], refusedAt: undefined };
  const note = (line: string) => void visit.trace.push(shorten(line));
  page.on('response', (response) => {
    const [request, status, url] = [response.request(), response.status(), response.url()];
    if (url.endsWith('/favicon.ico')) return;
    const isNavigation = request.isNavigationRequest() && request.frame() === page.mainFrame();
    if (isNavigation) visit.refusedAt = status >= 400 ? url : undefined;
    if (isNavigation || status >= 400) note(`${status} ${request.method()} ${url}`);
  });
  page.on('requestfailed', (request) => note(`${request.failure()?.errorText} ${request.method()} ${request.url()}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && isNews(message.text())) note(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`script: ${error.message}`));
  return visit;
}
