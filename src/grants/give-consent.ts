/** Remembers what a person allowed an app, so that it is asked once. */
import { recordEvent } from '../audit/audit-repository.ts';
import type { Database } from '../platform/database.ts';
import { together, type Permissions } from './consent.ts';
import { findConsent, upsertConsent } from './consent-repository.ts';

export interface ConsentAnswer {
  accountId: string;
  clientId: string;
  /** Host the person will be sent back to. */
  redirectHost: string;
  permissions: Permissions;
}

export async function giveConsent(db: Database, answer: ConsentAnswer): Promise<void> {
  const { accountId, clientId, redirectHost, permissions } = answer;
  await db.inUnitOfWork(async () => {
    const before = await findConsent(db, accountId, clientId);
    const agreed = before ? together(before, permissions) : permissions;
    const redirectHosts = [...new Set([...(before?.redirectHosts ?? []), redirectHost])];
    upsertConsent(db, accountId, clientId, { ...agreed, redirectHosts });
    const { scopes, claims, apiScopes } = permissions;
    const detail = { scopes, claims, audiences: Object.keys(apiScopes) };
    recordEvent(db, { kind: 'consent.given', accountId, clientId, detail });
  });
}
