/** Grants as oidc-provider reads and writes them, in a table of ours. */
import type { Adapter } from 'oidc-provider';
import { findGrant, upsertGrant } from '../../grants/grant-repository.ts';
import { revokeGrant } from '../../grants/revoke-grant.ts';
import { endReusedGrant } from '../../sessions/remove-app.ts';
import type { Database } from '../../platform/database.ts';
import { epoch, protocolContext } from '../protocol-context.ts';

/** Ends a grant as the request it happens in asks for. */
async function end(db: Database, ctx: ReturnType<typeof protocolContext>, id: string): Promise<void> {
  const { route, params } = ctx?.oidc ?? {};
  if (route === 'token' && params?.['grant_type'] === 'refresh_token') return endReusedGrant(db, id);
  if (route === 'token') return revokeGrant(db, id, 'code_reused');
  if (route !== 'end_session_confirm') return revokeGrant(db, id, 'revoked_by_client');
  // The whole session ends: with it all its grants, by one statement (Session.prototype.destroy in provider.ts).
  if (params?.['logout']) return undefined;
  return revokeGrant(db, id, 'signed_out_of_app');
}

export function createGrantAdapter(db: Database): Adapter {
  return {
    async find(id) {
      const grant = await findGrant(db, id);
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
      await end(db, protocolContext(), id);
      // The request is refused, but the revocation is meant to stay.
      db.unitOfWork()?.keepOnRefusal();
    },

    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async () => {},
    revokeByGrantId: async () => {},
  };
}
