/** Registers clients by dynamic registration (RFC 7591), and manages them (RFC 7592). */
import { createRegistrationToken } from '../../src/clients/registration-token.ts';
import { sendRequest, type HttpResponse } from './browser.ts';
import type { RegisteredApp } from './people-and-apps.ts';
import type { Frontdesk } from './frontdesk.ts';

/** Settings that allow dynamic registration: `startFrontdesk({ settings: withRegistration })`. */
export const withRegistration = { CLIENT_REGISTRATION: 'token' };

export async function registrationToken(frontdesk: Frontdesk, uses = 1000, seconds = 3600): Promise<string> {
  return (await createRegistrationToken(frontdesk, { seconds, uses }, 'command-line')).token;
}

/** The members of a registration response that tests read. */
export interface Registered {
  client_id: string;
  client_secret?: string;
  registration_client_uri: string;
  registration_access_token: string;
  redirect_uris: string[];
  [name: string]: unknown;
}

export const callback = 'https://rp.example/callback';
export const metadata = (more: object = {}): object => ({
  client_name: 'A program',
  redirect_uris: [callback],
  ...more,
});

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** Sends a request with a JSON body and a bearer token (RFC 7591, RFC 7592). */
export function send(
  url: string,
  method: string,
  token: string | undefined,
  body?: unknown,
  port?: number,
): Promise<HttpResponse> {
  const form = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { ...bearer(token), ...(form !== undefined && { 'content-type': 'application/json' }) };
  return sendRequest(url, { method, headers, ...(form !== undefined && { form }) }, port);
}

export const register = (frontdesk: Frontdesk, token: string | undefined, body: unknown): Promise<HttpResponse> =>
  send(`${frontdesk.issuer}/oauth/register`, 'POST', token, body);

/** Registers an app. @throws Error when it is refused */
export async function registered(frontdesk: Frontdesk, more: object = {}): Promise<Registered> {
  const response = await register(frontdesk, await registrationToken(frontdesk), metadata(more));
  if (response.status !== 201) throw new Error(`not registered: ${response.status} ${response.body}`);
  return response.json<Registered>();
}

export const asApp = ({ client_id: id, client_secret: secret, redirect_uris: [first] }: Registered): RegisteredApp => ({
  id,
  secret,
  redirectUri: first!,
});
