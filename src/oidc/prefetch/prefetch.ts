/**
 * Reads of a protocol request. The first one also reads what oidc-provider will ask for next; the results are cached until
 * the request ends or writes. Outside of requests nothing is cached.
 */
import { findAccount } from '../../accounts/account-repository.ts';
import type { Account } from '../../accounts/account.ts';
import { findConsent } from '../../grants/consent-repository.ts';
import type { Consent } from '../../grants/consent.ts';
import { findGrant, type Grant } from '../../grants/grant-repository.ts';
import { findSession, type FoundSession } from '../../lookups/session-lookup-repository.ts';
import { findToken, type FoundToken } from '../../lookups/token-lookup-repository.ts';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { findSessionByUid } from '../../sessions/session-repository.ts';
import type { Session } from '../../sessions/session.ts';
import { protocolContext } from '../protocol-context.ts';

/** Results of a request's reads; undefined for a row that does not exist. */
interface ReadResults {
  /** By the kinds that were looked for, and the presented value. */
  tokens: Map<string, Promise<FoundToken | undefined>>;
  grants: Map<string, Promise<Grant | undefined>>;
  sessions: Map<string, Promise<Session | undefined>>;
  accounts: Map<string, Promise<Account | undefined>>;
  /** By account and client. */
  consents: Map<string, Promise<Consent | undefined>>;
}

const resultsByRequest = new WeakMap<object, ReadResults>();

const noResults = (): ReadResults => ({
  tokens: new Map(),
  grants: new Map(),
  sessions: new Map(),
  accounts: new Map(),
  consents: new Map(),
});

function currentResults(): ReadResults {
  const ctx = protocolContext();
  const results = (ctx && resultsByRequest.get(ctx)) ?? noResults();
  if (ctx) resultsByRequest.set(ctx, results);
  return results;
}

/** Discards the results of the current request, because it has written rows. */
export function discardResults(): void {
  const ctx = protocolContext();
  if (ctx) resultsByRequest.delete(ctx);
}

/** Reads a key once, also when two callers need it at the same time. */
function readOnce<Value>(map: Map<string, Promise<Value>>, key: string, read: () => Promise<Value>): Promise<Value> {
  const value = map.get(key) ?? read();
  map.set(key, value);
  return value;
}

/** Kinds of tokens that oidc-provider looks for, one after the other, at the introspection and revocation endpoints. */
const possibleKinds = ['AccessToken', 'ClientCredentials', 'RefreshToken'];
const kindsOf = (kind: string): string[] =>
  /^(introspection|revocation)$/.test(protocolContext()?.oidc.route ?? '') && possibleKinds.includes(kind)
    ? possibleKinds
    : [kind];

/** Finds a code or token by the value that a client presents. Its grant, session and account are read with it. */
export async function readToken(
  db: Database,
  keyring: Keyring,
  kind: string,
  value: string,
): Promise<FoundToken | undefined> {
  const { tokens, grants, sessions, accounts } = currentResults();
  const kinds = kindsOf(kind);
  const found = await readOnce(tokens, `${kinds.join(' ')} ${value}`, async () => {
    const candidates = kinds.flatMap((each) => keyring.digests(each, value).map((idHash) => ({ kind: each, idHash })));
    const token = await findToken(db, candidates);
    const { grant, session, account } = token ?? {};
    const sessionUid = token?.artifact.payload['sessionUid'];
    if (grant) grants.set(grant.id, Promise.resolve(grant));
    if (typeof sessionUid === 'string') sessions.set(sessionUid, Promise.resolve(session));
    if (grant) accounts.set(grant.accountId, Promise.resolve(account));
    return token;
  });
  return found?.kind === kind ? found : undefined;
}

/**
 * The session of a browser, by the id in its cookie. Its account, and its grant and consent for the client that an
 * authorization request names, are read with it.
 */
export async function readSessionOfBrowser(
  db: Database,
  keyring: Keyring,
  id: string,
): Promise<FoundSession | undefined> {
  const { grants, accounts, consents } = currentResults();
  const clientId = protocolContext()?.query['client_id'];
  const namedClient = typeof clientId === 'string' ? clientId : undefined;
  const found = await findSession(db, keyring.digests('Session', id), namedClient);
  const { session, grant, account, consent } = found ?? {};
  if (grant) grants.set(grant.id, Promise.resolve(grant));
  if (session?.accountId === undefined) return found;
  accounts.set(session.accountId, Promise.resolve(account));
  if (namedClient !== undefined) consents.set(consentKey(session.accountId, namedClient), Promise.resolve(consent));
  return found;
}

/** @returns undefined for a revoked grant; an expired one is returned */
export const readGrant = (db: Database, id: string): Promise<Grant | undefined> =>
  readOnce(currentResults().grants, id, () => findGrant(db, id));

/** @returns undefined for an ended session; an expired one is returned */
export const readSession = (db: Database, uid: string): Promise<Session | undefined> =>
  readOnce(currentResults().sessions, uid, () => findSessionByUid(db, uid));

/** Also returns a suspended account. */
export const readAccount = (db: Database, id: string): Promise<Account | undefined> =>
  readOnce(currentResults().accounts, id, () => findAccount(db, id));

const consentKey = (accountId: string, clientId: string) => `${accountId} ${clientId}`;

export const readConsent = (db: Database, accountId: string, clientId: string): Promise<Consent | undefined> =>
  readOnce(currentResults().consents, consentKey(accountId, clientId), () => findConsent(db, accountId, clientId));
