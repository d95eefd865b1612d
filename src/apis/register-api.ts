/** Registers an API, so that clients may be allowed to ask for tokens to it. */
import type { Actor } from '../audit/audit-event.ts';
import { recordEvent } from '../audit/audit-repository.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { insertApi, deleteApi } from './api-repository.ts';
import { isScopeName, maxAccessTokenLifetimeSeconds, requireAudience, type Api } from './api.ts';

/**
 * @throws Refusal `argument_invalid` when audience, scope names or lifetime (60 to 900 seconds) do not fit
 * @throws Refusal `api_exists`
 */
export async function registerApi(db: Database, api: Api, by: Actor): Promise<void> {
  requireAudience(api.audience);
  const strange = Object.keys(api.scopes).find((name) => !isScopeName(name));
  if (strange !== undefined) {
    throw new Refusal('argument_invalid', { name: 'scope', reason: `"${strange}" is not a scope name` });
  }
  const lifetime = api.accessTokenLifetimeSeconds;
  if (!Number.isInteger(lifetime) || lifetime < 60 || lifetime > maxAccessTokenLifetimeSeconds) {
    throw new Refusal('argument_invalid', { name: 'lifetime', reason: 'it must be 60 to 900 seconds' });
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
