/** Stores a consent. Its permissions and redirect host are added to those of earlier consents for the same app. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { findConsent, upsertConsent } from './consent-repository.ts';
import { unionPermissions, type Permissions } from './consent.ts';

export interface ConsentAnswer {
  accountId: string;
  clientId: string;
  /** Host of the redirect URI of the request. */
  redirectHost: string;
  permissions: Permissions;
}

export async function giveConsent(db: Database, answer: ConsentAnswer): Promise<void> {
  const { accountId, clientId, redirectHost, permissions } = answer;
  await db.inUnitOfWork(async () => {
    const before = await findConsent(db, accountId, clientId);
    const granted = before ? unionPermissions(before, permissions) : permissions;
    const redirectHosts = [...new Set([...(before?.redirectHosts ?? []), redirectHost])];
    upsertConsent(db, accountId, clientId, { ...granted, redirectHosts });
    const { scopes, claims, apiScopes } = permissions;
    const detail = { scopes, claims, audiences: Object.keys(apiScopes) };
    recordEvent(db, { kind: 'consent.given', accountId, clientId, detail });
  });
}
