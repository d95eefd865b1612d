/**
 * Codes and tokens of an authorization response. They are held until the session is written, which stores them in the
 * same statement.
 */
import type { Database } from '../../platform/database.ts';
import { upsertArtifact, type NewArtifact } from '../../tokens/artifact-repository.ts';
import { protocolContext } from '../protocol-context.ts';

const heldByRequest = new WeakMap<object, NewArtifact[]>();

/** @returns false for a request that writes no session, or an artifact that is not part of its response */
export function holdToken(token: NewArtifact): boolean {
  const ctx = protocolContext();
  const isOfResponse = token.kind === 'AuthorizationCode' || token.kind === 'AccessToken';
  if (!ctx || !isOfResponse || !/^(authorization|resume)$/.test(ctx.oidc.route)) return false;
  heldByRequest.set(ctx, [...(heldByRequest.get(ctx) ?? []), token]);
  return true;
}

/** Returns the tokens that are held, once. */
export function takeHeldTokens(ctx: object | undefined = protocolContext()): NewArtifact[] {
  const held = (ctx && heldByRequest.get(ctx)) ?? [];
  if (ctx) heldByRequest.delete(ctx);
  return held;
}

/** Stores what is still held at the end of a request, because it did not write the session. */
export function storeHeldTokens(db: Database, ctx: object): void {
  for (const token of takeHeldTokens(ctx)) upsertArtifact(db, token);
}
