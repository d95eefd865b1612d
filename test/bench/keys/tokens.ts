/** Issues tokens at a steady rate, by refreshing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { audience, type RegisteredApp } from '../../support/people-and-apps.ts';
import { authorize, codeFor, exchange, newBrowser, type Tokens } from '../../support/flow.ts';

export interface IssuedToken {
  /** JWT of RFC 9068. */
  accessToken: string;
  idToken: string;
  nonce: string;
}

export interface Issuing {
  /** Every token that was issued, oldest first. */
  readonly tokens: IssuedToken[];
  /** Key ids that signed, by algorithm. */
  readonly signedBy: Record<string, Set<string>>;
  /** A line for each response without tokens. */
  readonly errors: string[];
  stop(): Promise<void>;
}

/** The configuration of openid-client with its defaults, and http allowed. */
export const openidClient = (
  issuer: string,
  { id, secret }: RegisteredApp,
  setting: (config: client.Configuration) => void,
): Promise<client.Configuration> =>
  client.discovery(new URL(issuer), id, secret, undefined, { execute: [client.allowInsecureRequests, setting] });

interface Family {
  refreshToken: string;
  nonce: string;
}

/** Signs a person in, in a new browser. @returns the first refresh token */
async function startFamily(issuer: string, app: RegisteredApp): Promise<Family> {
  const request = authorize({ issuer }, app, { scope: 'openid notes:read', resource: audience });
  const browser = newBrowser({ issuer });
  const code = await codeFor(browser, request);
  const response = await exchange({ issuer }, app, { code, verifier: request.verifier });
  return { refreshToken: response.json<Tokens>().refresh_token!, nonce: request.nonce };
}

/**
 * @param familyCount number of refresh tokens, each of a sign-in of its own
 * @param perSecond number of tokens of each kind that are requested per second, over all families
 */
export async function startIssuing(
  issuer: string,
  app: RegisteredApp,
  familyCount: number,
  perSecond: number,
): Promise<Issuing> {
  const tokens: IssuedToken[] = [];
  const signedBy: Record<string, Set<string>> = { ES256: new Set(), RS256: new Set() };
  const errors: string[] = [];
  const stopped = new AbortController();
  // Verifies the signature of each ID token.
  const config = await openidClient(issuer, app, client.enableNonRepudiationChecks);

  async function refreshForever({ refreshToken, nonce }: Family): Promise<void> {
    let current = refreshToken;
    while (!stopped.signal.aborted) {
      // The pause begins before the request, so that a slow response does not lower the rate.
      const pause = sleep((familyCount / perSecond) * 1000);
      try {
        const response = await client.refreshTokenGrant(config, current, { resource: audience });
        current = response.refresh_token ?? current;
        tokens.push({ accessToken: response.access_token, idToken: response.id_token!, nonce });
        for (const token of [response.access_token, response.id_token!]) {
          const { alg, kid } = decodeProtectedHeader(token);
          signedBy[alg!]!.add(kid!);
        }
      } catch (error) {
        errors.push(String((error as Error).cause ?? error));
      }
      await pause;
    }
  }

  const families = [];
  for (let index = 0; index < familyCount; index += 1) families.push(await startFamily(issuer, app));
  const loops = families.map(refreshForever);
  return {
    tokens,
    signedBy,
    errors,
    async stop() {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}
