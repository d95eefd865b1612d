/** Stores codes, tokens and interactions for oidc-provider. The database holds digests of their ids only. */
import { decodeJwt } from 'jose';
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import { revokeGrant } from '../../grants/revoke-grant.ts';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { revokeReplayedGrant } from '../../sessions/remove-app.ts';
import {
  consumeArtifact,
  deleteArtifact,
  findArtifact,
  upsertArtifact,
  type ArtifactPayload,
} from '../../tokens/artifact-repository.ts';
import { firstRotation, rotateRefreshToken } from '../../tokens/rotate-refresh-token.ts';
import { readToken } from '../prefetch/prefetch.ts';
import { epoch, protocolContext } from '../protocol-context.ts';
import { holdToken } from './held-tokens.ts';
import { currentRotation, setRotation } from './refresh-rotation.ts';
import { currentExchange } from './token-exchange.ts';

/** Seconds of clock difference that the library tolerates; rows are kept that much longer. */
export const clockToleranceSeconds = 15;

/** What a client presents; the others are of the protocol alone. */
const tokenKinds = new Set(['AuthorizationCode', 'AccessToken', 'ClientCredentials', 'RefreshToken']);

/** Placeholder for the interaction's id in a stored `returnTo`: the id must not be readable in the database. */
const idPlaceholder = '{id}';

/** The payload to store: without its id, session cookies and ID tokens, which a reader of the database could use. */
function withoutSecrets(kind: string, id: string, { jti: _jti, ...payload }: AdapterPayload): ArtifactPayload {
  if (kind !== 'Interaction') return payload;
  const { session, params, prompt, returnTo, ...rest } = payload;
  const { cookie: _cookie, ...sessionDetails } = session ?? {};
  const { id_token_hint: _hint, ...otherParams } = params ?? {};
  // The library has verified the hint by now; only its subject is still needed.
  const { id_token_hint: hint, ...details } = prompt?.details ?? {};
  const hinted = typeof hint === 'string' ? { hinted_subject: decodeJwt(hint).sub } : {};
  return {
    ...rest,
    ...(session && { session: sessionDetails }),
    params: otherParams,
    prompt: { ...prompt, details: { ...details, ...hinted } },
    returnTo: returnTo?.replaceAll(id, idPlaceholder),
  };
}

/** The stored payload with its id, for oidc-provider. */
function withId(kind: string, id: string, payload: ArtifactPayload): ArtifactPayload {
  const withJti = { ...payload, jti: id };
  if (kind !== 'Interaction') return withJti;
  return { ...withJti, returnTo: String(payload['returnTo']).replaceAll(idPlaceholder, id) };
}

export function createArtifactAdapter(db: Database, keyring: Keyring, kind: string): Adapter {
  const digests = (id: string) => keyring.digests(kind, id);

  /**
   * Revokes the grant of a code or refresh token that was used again, and with it the tokens that the first use got
   * (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
   *
   * @throws InvalidGrant always
   */
  async function refuseReuse(id: string): Promise<never> {
    const grantId = (await findArtifact(db, kind, digests(id)))?.payload['grantId'];
    if (typeof grantId === 'string') {
      await (kind === 'RefreshToken' ? revokeReplayedGrant(db, grantId) : revokeGrant(db, grantId, 'code_reused'));
    }
    db.unitOfWork()?.commitOnRefusal();
    throw new errors.InvalidGrant(`${kind} was used before`);
  }

  /** @returns false when it must be used at once: what the request writes is not collected, or it was used before */
  async function consumeLater(id: string): Promise<boolean> {
    const exchange = currentExchange();
    if (!exchange || (kind !== 'AuthorizationCode' && kind !== 'RefreshToken')) return false;
    const token = await readToken(db, keyring, kind, id);
    if (!token || token.artifact.consumedAt) return false;
    const { idHash } = token;
    const first = kind === 'RefreshToken' ? firstRotation(keyring, idHash, id) : undefined;
    if (first) setRotation(first.rotation);
    exchange.used = { kind, idHash, successorSalt: first?.salt };
    return true;
  }

  return {
    async find(id) {
      const artifact = tokenKinds.has(kind)
        ? (await readToken(db, keyring, kind, id))?.artifact
        : await findArtifact(db, kind, digests(id));
      if (!artifact) return undefined;
      const { payload, consumedAt, isWithinGrace } = artifact;
      // The grace period counts at the token endpoint only: introspection reports a used refresh token as inactive.
      const mayReuse = isWithinGrace && protocolContext()?.oidc.route === 'token';
      return { ...withId(kind, id, payload), ...(consumedAt && !mayReuse && { consumed: epoch(consumedAt) }) };
    },

    async upsert(id, payload, expiresIn = 0) {
      const rotation = kind === 'RefreshToken' ? currentRotation() : undefined;
      // A refresh token used again in its grace period gets a successor that is stored already and stays as it is.
      if (rotation?.successor === id && !rotation.isNew) return;
      // The row is written under the digest by the newest key. An outdated row under an older key must not be found.
      const olderDigests = digests(id).slice(1);
      if (kind === 'Interaction' && olderDigests.length > 0) deleteArtifact(db, kind, olderDigests);
      const artifact = {
        kind,
        idHash: keyring.digest(kind, id),
        // An interaction must survive the revocation of the grant it began with.
        grantId: kind === 'Interaction' ? undefined : payload.grantId,
        payload: withoutSecrets(kind, id, payload),
        expiresAt: new Date(Date.now() + (expiresIn + clockToleranceSeconds) * 1000),
        parentHash: rotation?.parentHash,
      };
      const exchange = currentExchange();
      if (exchange?.used) exchange.tokens.push(artifact);
      else if (!holdToken(artifact)) upsertArtifact(db, artifact);
    },

    async consume(id) {
      if (await consumeLater(id)) return;
      if (kind !== 'RefreshToken') {
        if (!(await consumeArtifact(db, kind, digests(id)))) await refuseReuse(id);
        return;
      }
      const rotation = await rotateRefreshToken(db, keyring, id);
      if (!rotation) return refuseReuse(id);
      setRotation(rotation);
      // The library saves the successor before all checks are done: an error response must undo the rotation.
      db.unitOfWork()?.rollBackOnRefusal();
    },

    destroy: async (id) => deleteArtifact(db, kind, digests(id)),

    // Artifacts are found only while their grant is live, and the library revokes the grant itself.
    revokeByGrantId: async () => {},

    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  };
}
