/** Finds rows that contradict each other, whatever was acknowledged: what belongs into one transaction was done by half. */
import type { Database } from '../../src/platform/database.ts';
import { runSql } from '../support/database.ts';

/** Queries that must find nothing. They count on one code for each grant: the driver opens an app once in a session. */
const queries = {
  codesUsedTwice: {
    'a code gave two families of refresh tokens': `
      select grant_id as subject from artifacts
      where kind = 'RefreshToken' and parent_hash is null group by grant_id having count(*) > 1`,
  },
  branched: {
    'a refresh token has two successors': `
      select encode(parent_hash, 'hex') as subject from artifacts
      where kind = 'RefreshToken' and parent_hash is not null group by parent_hash having count(*) > 1`,
    'a family has two unused refresh tokens': `
      select grant_id as subject from artifacts
      where kind = 'RefreshToken' and consumed_at is null group by grant_id having count(*) > 1`,
  },
  halfDone: {
    'a used refresh token has no successor': `
      select a.grant_id as subject from artifacts a join live_grants g on g.id = a.grant_id
      where a.kind = 'RefreshToken' and a.consumed_at is not null and not exists (
        select from artifacts s where s.kind = 'RefreshToken' and s.parent_hash = a.id_hash)`,
    'a used code has no tokens': `
      select a.grant_id as subject from artifacts a join live_grants g on g.id = a.grant_id
      where a.kind = 'AuthorizationCode' and a.consumed_at is not null and not exists (
        select from artifacts t where t.kind = 'RefreshToken' and t.grant_id = a.grant_id)`,
    'an unused code has tokens': `
      select a.grant_id as subject from artifacts a
      where a.kind = 'AuthorizationCode' and a.consumed_at is null and exists (
        select from artifacts t where t.kind = 'RefreshToken' and t.grant_id = a.grant_id)`,
    'a grant outlives its session': `
      select g.id as subject from live_grants g join sessions s on s.uid = g.session_uid where s.ended_at is not null`,
    'a session ended without a notice for an app': `
      select s.uid as subject from sessions s, jsonb_object_keys(s.authorizations) client
      join clients c on c.id = client and c.metadata ? 'backchannel_logout_uri'
      where s.ended_at is not null and not exists (
        select from logout_notices n where n.session_uid = s.uid and n.client_id = client)`,
    'a notice is not delivered': `
      select id::text as subject from logout_notices where channel = 'back' and delivered_at is null`,
    'a client has no secret': `
      select c.id as subject from clients c
      where c.is_self_registered and not exists (select from client_secrets s where s.client_id = c.id)`,
    'an ending is not finished': `select account_id::text as subject from pending_endings`,
  },
} as const;

export type Contradictions = Record<keyof typeof queries, string[]>;

/** @returns a line for each row that was found, by kind */
export async function findContradictions(db: Database): Promise<Contradictions> {
  const found: Contradictions = { codesUsedTwice: [], branched: [], halfDone: [] };
  for (const [kind, statements] of Object.entries(queries)) {
    for (const [what, text] of Object.entries(statements)) {
      const rows = await runSql<{ subject: string }>(db, text);
      found[kind as keyof Contradictions].push(...rows.map(({ subject }) => `${what} (${subject})`));
    }
  }
  return found;
}
