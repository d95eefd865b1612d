/**
 * Token requests that exchange a code or refresh token. oidc-provider marks the code or token as used, and then stores
 * the new tokens one by one. These writes are collected here and sent at the end, by one statement.
 */
import { errors } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import type { NewArtifact } from '../../tokens/artifact-repository.ts';
import { exchangeToken, type UsedToken } from '../../tokens/exchange-repository.ts';
import { discardResults } from '../prefetch/prefetch.ts';
import { protocolContext } from '../protocol-context.ts';

export interface Exchange {
  /** The code or refresh token, once the library has used it. */
  used: UsedToken | undefined;
  /** The tokens to store. */
  tokens: NewArtifact[];
}

const exchanges = new WeakMap<object, Exchange>();

/** @returns undefined when the writes of the current request are not collected */
export const currentExchange = (): Exchange | undefined => exchanges.get(protocolContext() ?? {});

/**
 * Makes the handler of a grant type use the code or token and store the new tokens by one statement. Nothing is stored,
 * and the handler runs again, if it refuses the request after it has used the code or token, or if another request has
 * meanwhile used it or revoked its grant. The second run sees what the other request did, and each of its writes is a
 * statement of its own.
 */
export function inOneStatement<Context extends object>(
  db: Database,
  handle: (ctx: Context) => void | Promise<void>,
): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    const exchange: Exchange = { used: undefined, tokens: [] };
    exchanges.set(ctx, exchange);
    let isRefused = false;
    try {
      await handle(ctx);
    } catch (error) {
      isRefused = true;
      if (!exchange.used || !(error instanceof errors.OIDCProviderError)) throw error;
    } finally {
      exchanges.delete(ctx);
    }
    if (!exchange.used) return;
    if (!isRefused && (await exchangeToken(db, exchange.used, exchange.tokens))) return;
    discardResults();
    await handle(ctx);
  };
}
