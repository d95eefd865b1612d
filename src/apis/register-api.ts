/** Registers and removes APIs that clients may get access tokens for. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { deleteApi, insertApi } from './api-repository.ts';
import { accessTokenLifetimeBounds, isScopeName, requireAudience, type Api } from './api.ts';

/**
 * @throws Refusal `argument_invalid` for the audience, a scope or the lifetime
 * @throws Refusal `api_exists`
 */
export async function registerApi(db: Database, api: Api, by: Actor): Promise<void> {
  requireAudience(api.audience);
  const invalid = Object.keys(api.scopes).find((name) => !isScopeName(name));
  if (invalid !== undefined) {
    throw new Refusal('argument_invalid', { field: 'scope', reason: 'must_be_scope_name', scope: invalid });
  }
  const { accessTokenLifetimeSeconds: lifetime } = api;
  const { min, max } = accessTokenLifetimeBounds;
  if (!Number.isInteger(lifetime) || lifetime < min || lifetime > max) {
    throw new Refusal('argument_invalid', { field: 'lifetime', reason: 'must_be_between', min, max });
  }
  await db.inUnitOfWork(async () => {
    if (!(await insertApi(db, api))) throw new Refusal('api_exists', { audience: api.audience });
    recordEvent(db, { kind: 'api.registered', detail: { audience: api.audience, by } });
  });
}

/** @throws Refusal `api_unknown` */
export async function removeApi(db: Database, audience: string, by: Actor): Promise<void> {
  await db.inUnitOfWork(async () => {
    if (!(await deleteApi(db, audience))) throw new Refusal('api_unknown', { audience });
    recordEvent(db, { kind: 'api.removed', detail: { audience, by } });
  });
}
