/** The kinds of requests that a flood consists of. */
import { audience } from '../../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser } from '../../support/flow.ts';
import type { Target } from '../throughput/target.ts';

export interface Load {
  name: string;
  /** @returns the text of the next HTTP request */
  next(): string;
  /** Whether a response is successful. */
  isDone(status: number): boolean;
}

function writeRequest(
  host: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  form?: object,
): string {
  const body = form === undefined ? '' : new URLSearchParams({ ...form }).toString();
  const bodyHeaders =
    form === undefined
      ? {}
      : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
  const lines = Object.entries({ host, ...bodyHeaders, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

/** Number of sessions that take turns: so many that requests of the same one are seldom handled at the same time. */
const sessions = 100;

/** Client credentials: a program gets a token. */
export function tokenLoad({ issuer, machine }: Target): Load {
  const authorization = `Basic ${Buffer.from(`${machine.id}:${machine.secret}`).toString('base64')}`;
  const form = { grant_type: 'client_credentials', resource: audience, scope: 'notes:read' };
  const request = writeRequest(new URL(issuer).host, 'POST', '/oauth/token', { authorization }, form);
  return { name: 'client credentials', next: () => request, isDone: (status) => status === 200 };
}

/** An app fetches the keys. */
export function keysLoad({ issuer }: Target): Load {
  const request = writeRequest(new URL(issuer).host, 'GET', '/oauth/jwks', {});
  return { name: 'keys', next: () => request, isDone: (status) => status === 200 };
}

/** People with a session open an app. */
export async function silentSignInLoad(target: Target): Promise<Load> {
  const { host } = new URL(target.issuer);
  const requests: string[] = [];
  for (let index = 0; index < sessions; index += 1) {
    const browser = newBrowser(target, target.port);
    await codeFor(browser, authorize(target, target.app));
    const cookie = await browser.jar.getCookieString(target.issuer);
    const path = authorize(target, target.app).url.slice(target.issuer.length);
    requests.push(writeRequest(host, 'GET', path, { cookie }));
  }
  let turn = 0;
  return {
    name: 'silent sign-in',
    next: () => requests[(turn += 1) % sessions]!,
    isDone: (status) => status === 303,
  };
}

/** People without a session open an app. */
export function signInPageLoad(target: Target): Load {
  const path = authorize(target, target.app).url.slice(target.issuer.length);
  const request = writeRequest(new URL(target.issuer).host, 'GET', path, {});
  return { name: 'sign-in page', next: () => request, isDone: (status) => status === 303 };
}

/** Sign-ins with a wrong password. */
export async function passwordLoad(target: Target): Promise<Load> {
  const browser = newBrowser(target, target.port);
  const page = await browser.visit(authorize(target, target.app).url);
  const action = page.root.querySelector('form')!.getAttribute('action')!;
  const csrf = page.root.querySelector('input[name=csrf]')!.getAttribute('value')!;
  const cookie = await browser.jar.getCookieString(page.url);
  const headers = { cookie, origin: target.issuer, 'sec-fetch-site': 'same-origin' };
  const form = { csrf, login: 'nobody', password: 'not the password of anybody' };
  const request = writeRequest(new URL(target.issuer).host, 'POST', action, headers, form);
  return { name: 'password', next: () => request, isDone: (status) => status === 422 };
}
