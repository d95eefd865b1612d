/** Codes, tokens and interactions as oidc-provider reads and writes them. Their ids never reach the database. */
import { decodeJwt } from 'jose';
import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import { revokeGrant } from '../../grants/revoke-grant.ts';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { endReusedGrant } from '../../sessions/remove-app.ts';
import {
  consumeArtifact,
  consumeRefreshToken,
  deleteArtifact,
  findArtifact,
  upsertArtifact,
  type ArtifactPayload,
} from '../../tokens/artifact-repository.ts';
import { epoch, protocolContext } from '../protocol-context.ts';

/** The library tolerates clocks that differ by so much; a row must not be purged before. */
export const clockToleranceSeconds = 15;

const idPlace = '{id}';

/** The payload without anything that could be presented again. */
function withoutSecrets(kind: string, id: string, { jti: _jti, ...payload }: AdapterPayload): ArtifactPayload {
  if (kind !== 'Interaction') return payload;
  const { session, params, prompt, returnTo, ...rest } = payload;
  const { cookie: _cookie, ...ofSession } = session ?? {};
  const { id_token_hint: _hint, ...ofParams } = params ?? {};
  // The library has checked the hint by now: whom it names is all that is still needed.
  const { id_token_hint: hint, ...details } = prompt?.details ?? {};
  const hinted = typeof hint === 'string' ? { hinted_subject: decodeJwt(hint).sub } : {};
  return {
    ...rest,
    ...(session && { session: ofSession }),
    params: ofParams,
    prompt: { ...prompt, details: { ...details, ...hinted } },
    returnTo: returnTo?.replaceAll(id, idPlace),
  };
}

function withId(kind: string, id: string, payload: ArtifactPayload): ArtifactPayload {
  const whole = { ...payload, jti: id };
  if (kind !== 'Interaction') return whole;
  return { ...whole, returnTo: String(payload['returnTo']).replaceAll(idPlace, id) };
}

export function createArtifactAdapter(db: Database, keyring: Keyring, kind: string): Adapter {
  const digests = (id: string) => keyring.digests(kind, id);

  /** The refresh token that the one being saved takes the place of. */
  function parentHash(): Buffer | undefined {
    if (kind !== 'RefreshToken') return undefined;
    const rotated = protocolContext()?.oidc.entities.RotatedRefreshToken?.jti;
    return rotated === undefined ? undefined : keyring.digest(kind, rotated);
  }

  /** A second use by whoever came late: what the first one got dies too (RFC 6749 §4.1.2, RFC 9700 §4.14.2). */
  async function refuseReuse(id: string): Promise<never> {
    const grantId = (await findArtifact(db, kind, digests(id)))?.payload['grantId'];
    if (typeof grantId === 'string') {
      await (kind === 'RefreshToken' ? endReusedGrant(db, grantId) : revokeGrant(db, grantId, 'code_reused'));
    }
    db.unitOfWork()?.keepOnRefusal();
    throw new errors.InvalidGrant(`${kind} was used before`);
  }

  return {
    async find(id) {
      const artifact = await findArtifact(db, kind, digests(id));
      if (!artifact) return undefined;
      const { payload, consumedAt, isWithinGrace } = artifact;
      // Only the token endpoint knows the grace; to introspection a used refresh token is used.
      const mayReuse = isWithinGrace && protocolContext()?.oidc.route === 'token';
      return { ...withId(kind, id, payload), ...(consumedAt && !mayReuse && { consumed: epoch(consumedAt) }) };
    },

    async upsert(id, payload, expiresIn = 0) {
      // What is kept again is found under the newest key from now on; under an older one it would be found as it was.
      const older = digests(id).slice(1);
      if (kind === 'Interaction' && older.length > 0) deleteArtifact(db, kind, older);
      upsertArtifact(db, {
        kind,
        idHash: keyring.digest(kind, id),
        // An interaction names the grant it began with, but goes on without it.
        grantId: kind === 'Interaction' ? undefined : payload.grantId,
        payload: withoutSecrets(kind, id, payload),
        expiresAt: new Date(Date.now() + (expiresIn + clockToleranceSeconds) * 1000),
        parentHash: parentHash(),
      });
    },

    async consume(id) {
      if (kind !== 'RefreshToken') {
        if (!(await consumeArtifact(db, kind, digests(id)))) await refuseReuse(id);
        return;
      }
      if (!(await consumeRefreshToken(db, digests(id)))) await refuseReuse(id);
      // The library saves the successor before it has checked everything: a refusal must not use the token up.
      db.unitOfWork()?.undoOnRefusal();
    },

    destroy: async (id) => deleteArtifact(db, kind, digests(id)),

    // What carries a grant id is worthless once the grant is revoked, and the library revokes it beside this call.
    revokeByGrantId: async () => {},

    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  };
}
