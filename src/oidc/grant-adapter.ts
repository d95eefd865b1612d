/** Grants as oidc-provider reads and writes them, in a table of ours. */
import type { Adapter } from 'oidc-provider';
import { findGrant, upsertGrant } from '../grants/grant-repository.ts';
import { revokeGrant, type RevocationReason } from '../grants/revoke-grant.ts';
import type { Database } from '../platform/database.ts';
import { epoch, protocolContext } from './protocol-context.ts';

/** Why the library ends a grant, told from the request it does so in. */
function reasonOf(ctx: ReturnType<typeof protocolContext>): RevocationReason {
  switch (ctx?.oidc.route) {
    case 'token':
      return ctx.oidc.params?.['grant_type'] === 'refresh_token' ? 'refresh_token_reused' : 'code_reused';
    case 'end_session_confirm':
      return 'signed_out_of_app';
    default:
      return 'revoked_by_client';
  }
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
      await revokeGrant(db, id, reasonOf(protocolContext()));
      // The request is refused, but the revocation is meant to stay.
      db.unitOfWork()?.keepOnRefusal();
    },

    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async () => {},
    revokeByGrantId: async () => {},
  };
}
