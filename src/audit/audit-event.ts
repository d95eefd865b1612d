/** Audit events: every kind, and its detail. */

/**
 * Kind → detail. Details hold ids, codes, counts and kinds of device; never people's names or addresses, or secrets.
 */
export interface AuditDetails {
  'account.claims-set': { claims: string[]; by: Actor };
  'account.created': { by: Actor };
  'account.email-set': { isVerified: boolean; by: Actor };
  'account.reinstated': { by: Actor };
  'account.removed': { by: Actor };
  'account.renamed': { by: Actor };
  'account.suspended': { by: Actor };
  'account.unlocked': { by: Actor };
  'account.updated': { fields: string[]; by: Actor };
  'app.removed': { grants: number };
  'api.registered': { audience: string; by: Actor };
  'api.removed': { audience: string; by: Actor };
  'client.registered': { kind: string; by: Actor };
  'client.removed': { by: Actor };
  'client.updated': { kind: string; fields?: string[]; by: Actor };
  'client-secret.added': { secretId: string; by: Actor };
  'client-secret.removed': { secretId: string; by: Actor };
  'code.reused': { grantId: string };
  'consent.given': { scopes: string[]; claims: string[]; audiences: string[] };
  'grant.revoked': { grantId: string; reason: string };
  'key.created': { kid: string; algorithm: string };
  'key.removed': { kid: string };
  'notice.gave-up': { noticeId: string; problem: string };
  'password.changed': { by: Actor };
  'policy.changed': { name: string; value: number | string; by: Actor };
  'refresh-token.reused': { grantId: string };
  'registration-token.created': { tokenId: string; uses: number; by: Actor };
  'registration-token.removed': { tokenId: string; by: Actor };
  'session.ended': { reason: string; apps: number };
  'sign-in.failed': { reason: string; device: string };
  /** A wrong attempt used up these budgets (sign-in/attempt-budgets.ts). */
  'sign-in.limited': { budgets: string[] };
  'sign-in.succeeded': { amr: string[]; device: string };
}

export type AuditKind = keyof AuditDetails;

/** Who made a change: an operator on the command line, the person, or an app at the registration endpoint. */
export type Actor = 'command-line' | 'person' | 'program';

export type AuditEvent = {
  [Kind in AuditKind]: {
    kind: Kind;
    accountId?: string | undefined;
    clientId?: string | undefined;
    sessionUid?: string | undefined;
    ip?: string | undefined;
    detail: AuditDetails[Kind];
  };
}[AuditKind];
