/** Stores sessions for oidc-provider in the table `sessions`. */
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { FoundSession } from '../../lookups/session-lookup-repository.ts';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { storeInSession, upsertSession } from '../../sessions/session-repository.ts';
import { isUnchanged, type SessionWrite } from '../../sessions/session-write.ts';
import { authorizationChange, type Authorizations, type Session } from '../../sessions/session.ts';
import { discardResults, readSession, readSessionOfBrowser } from '../prefetch/prefetch.ts';
import { deviceHashOf } from '../session-device.ts';
import { takeHeldTokens } from './held-tokens.ts';
import { SessionConflict } from './session-conflict.ts';
import { epoch, fromEpoch, protocolContext, type ProtocolState } from '../protocol-context.ts';

const kind = 'Session';
const maxUserAgentCharacters = 400;

function toPayload(session: Session, id: string | undefined): AdapterPayload {
  const { uid, accountId, signedInAt, acr, amr, state, authorizations, createdAt, expiresAt } = session;
  return {
    kind,
    uid,
    ...(id !== undefined && { jti: id }),
    ...(accountId !== undefined && { accountId }),
    ...(signedInAt && { loginTs: epoch(signedInAt) }),
    ...(acr !== undefined && { acr }),
    ...(amr && { amr }),
    ...(session.isTransient && { transient: true }),
    ...(state && { state }),
    authorizations,
    iat: epoch(createdAt),
    exp: epoch(expiresAt),
  };
}

const isLive = (session: Session | undefined): session is Session =>
  session !== undefined && session.expiresAt > new Date();

/** A session as a request loaded or wrote it, to find out what the request changes. */
interface Known {
  authorizations: Authorizations;
  /** Undefined once the request has written the session. */
  found: FoundSession | undefined;
}

/**
 * The authorizations without the app of this request while it has no authorization response: the library adds the app
 * when the request begins, but a person who looks at a consent page has not signed in to the app yet.
 */
function withoutPendingApp(authorizations: Authorizations, previous: Authorizations): Authorizations {
  const ctx = protocolContext();
  const clientId = ctx?.oidc.client?.clientId;
  if (clientId === undefined || (ctx!.state as ProtocolState).isAuthorized || Object.hasOwn(previous, clientId)) {
    return authorizations;
  }
  const { [clientId]: _pending, ...others } = authorizations;
  return others;
}

export function createSessionAdapter(db: Database, keyring: Keyring): Adapter {
  /** Request → uid of a session → the session. */
  const knownByRequest = new WeakMap<object, Map<string, Known>>();
  const remember = (uid: string, authorizations: Authorizations, found?: FoundSession) => {
    const ctx = protocolContext();
    if (!ctx) return;
    const known = knownByRequest.get(ctx) ?? new Map<string, Known>();
    // The library changes the object that it was given.
    knownByRequest.set(ctx, known.set(uid, { authorizations: structuredClone(authorizations), found }));
  };
  const recall = (uid: string): Known =>
    knownByRequest.get(protocolContext() ?? {})?.get(uid) ?? { authorizations: {}, found: undefined };

  /** Writes the session with the codes and tokens of the response, or only these when nothing else has changed. */
  function write(session: SessionWrite, found: FoundSession | undefined): Promise<boolean> {
    const tokens = takeHeldTokens();
    return found && tokens.length > 0 && isUnchanged(found, session)
      ? storeInSession(db, session, tokens)
      : upsertSession(db, session, tokens);
  }

  return {
    async find(id) {
      const found = await readSessionOfBrowser(db, keyring, id);
      if (!found || !isLive(found.session)) return undefined;
      const { session } = found;
      remember(session.uid, session.authorizations, { ...found, session: structuredClone(session) });
      return toPayload(session, id);
    },

    async findByUid(uid) {
      const session = await readSession(db, uid);
      return isLive(session) ? toPayload(session, undefined) : undefined;
    },

    /** @throws SessionConflict when another request ended or changed the session meanwhile */
    async upsert(id, payload, expiresIn = 0) {
      discardResults();
      const ctx = protocolContext();
      const uid = payload.uid!;
      const { authorizations: previous, found } = recall(uid);
      const authorizations = withoutPendingApp(payload.authorizations ?? {}, previous);
      const session: SessionWrite = {
        uid,
        idHash: keyring.digest(kind, id),
        idHashes: keyring.digests(kind, id),
        isRotating: (ctx?.oidc.session as { oldId?: string } | undefined)?.oldId !== undefined,
        accountId: payload.accountId,
        signedInAt: payload.loginTs === undefined ? undefined : fromEpoch(payload.loginTs),
        acr: payload.acr,
        amr: payload.amr,
        isTransient: payload.transient === true,
        deviceHash: deviceHashOf(ctx?.oidc.result),
        state: payload.state,
        change: authorizationChange(previous, authorizations),
        expiresAt: new Date(Date.now() + expiresIn * 1000),
        ip: ctx?.ip,
        userAgent: ctx?.get('user-agent').slice(0, maxUserAgentCharacters) || undefined,
      };
      if (!(await write(session, found))) throw new SessionConflict(ctx);
      remember(uid, authorizations);
    },

    // The library calls this with the old id when an id rotates; the upsert that follows stores the new id in the same
    // row. Sessions are ended by Session.prototype.destroy (models/session.ts).
    destroy: async () => {},

    findByUserCode: async () => undefined,
    consume: async () => {},
    revokeByGrantId: async () => {},
  };
}
