/** Stores a consent. Its permissions and redirect host are added to those of earlier consents for the same app. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { findConsent, upsertConsent } from './consent-repository.ts';
import { unionPermissions, type Permissions } from './consent.ts';

export interface NewConsent {
  accountId: string;
  clientId: string;
  /** Host of the request's redirect URI, or its private-use scheme. */
  redirectHost: string;
  permissions: Permissions;
}

export async function giveConsent(db: Database, consent: NewConsent): Promise<void> {
  const { accountId, clientId, redirectHost, permissions } = consent;
  await db.inUnitOfWork(async () => {
    const previous = await findConsent(db, accountId, clientId);
    const granted = previous ? unionPermissions(previous, permissions) : permissions;
    const redirectHosts = [...new Set([...(previous?.redirectHosts ?? []), redirectHost])];
    upsertConsent(db, accountId, clientId, { ...granted, redirectHosts });
    const { scopes, claims, apiScopes } = permissions;
    const detail = { scopes, claims, audiences: Object.keys(apiScopes) };
    recordEvent(db, { kind: 'consent.given', accountId, clientId, detail });
  });
}
