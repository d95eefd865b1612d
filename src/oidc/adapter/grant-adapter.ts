/** Stores grants for oidc-provider in the table `grants`. */
import type { Adapter } from 'oidc-provider';
import { upsertGrant } from '../../grants/grant-repository.ts';
import { revokeGrant } from '../../grants/revoke-grant.ts';
import { revokeReplayedGrant } from '../../sessions/remove-app.ts';
import type { Database } from '../../platform/database.ts';
import { discardResults, readGrant } from '../prefetch/prefetch.ts';
import { epoch, protocolContext } from '../protocol-context.ts';

/** Revokes a grant, with the reason that the current request implies. */
async function revoke(db: Database, ctx: ReturnType<typeof protocolContext>, id: string): Promise<void> {
  const { route, params } = ctx?.oidc ?? {};
  if (route === 'token' && params?.['grant_type'] === 'refresh_token') return revokeReplayedGrant(db, id);
  // The library revokes a grant at the token endpoint only when a code or refresh token is used again.
  if (route === 'token') return revokeGrant(db, id, 'code_reused');
  if (route !== 'end_session_confirm') return revokeGrant(db, id, 'revoked_by_client');
  // Session.prototype.destroy (models/session.ts) ends the session and revokes all its grants in one statement.
  if (params?.['logout']) return undefined;
  return revokeGrant(db, id, 'signed_out_of_app');
}

export function createGrantAdapter(db: Database): Adapter {
  return {
    async find(id) {
      const grant = await readGrant(db, id);
      if (!grant) return undefined;
      const { accountId, clientId, permissions, createdAt, expiresAt } = grant;
      return {
        ...permissions,
        kind: 'Grant',
        jti: id,
        accountId,
        clientId,
        iat: epoch(createdAt),
        exp: epoch(expiresAt),
      };
    },

    async upsert(id, payload, expiresIn = 0) {
      discardResults();
      // The values are copied, because the statement is sent later and the library may change these objects meanwhile.
      const { openid, resources, rejected, rar } = payload as Record<string, unknown>;
      upsertGrant(db, {
        id,
        accountId: payload.accountId!,
        clientId: payload.clientId!,
        sessionUid: protocolContext()?.oidc.session?.uid,
        permissions: JSON.parse(JSON.stringify({ openid, resources, rejected, rar })) as Record<string, unknown>,
        expiresAt: new Date(Date.now() + expiresIn * 1000),
      });
    },

    async destroy(id) {
      discardResults();
      await revoke(db, protocolContext(), id);
      // The revocation must be committed although the response is an error.
      db.unitOfWork()?.commitOnRefusal();
    },

    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async () => {},
    revokeByGrantId: async () => {},
  };
}
