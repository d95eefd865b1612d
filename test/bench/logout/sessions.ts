/** Makes many sessions by copying the rows of real sign-ins under new ids. */
import type { Database } from '../../../src/platform/database.ts';
import { runSql, statement } from '../../support/database.ts';
import { randomText } from '../../support/flow.ts';

export interface PreparedSession {
  uid: string;
  /** client_id → `sid` of the session at that client. */
  sids: Record<string, string>;
}

type Authorizations = Record<string, { sid: string; grantId: string }>;
interface Template {
  uid: string;
  authorizations: Authorizations;
}

const batchSize = 500;

const copySessions = statement(`
  insert into sessions
  select copy.* from json_to_recordset($1) n (template text, uid text, authorizations jsonb)
    join sessions s on s.uid = n.template,
    jsonb_populate_record(s, jsonb_build_object('uid', n.uid, 'authorizations', n.authorizations,
      'id_hash', '\\x' || encode(sha256(n.uid::bytea), 'hex'))) copy`);

const copyGrants = statement(`
  insert into grants
  select copy.* from json_to_recordset($1) n (template text, uid text, authorizations jsonb)
    join grants g on g.session_uid = n.template,
    jsonb_populate_record(g, jsonb_build_object('session_uid', n.uid,
      'id', n.authorizations -> g.client_id ->> 'grantId')) copy`);

function copyOf({ authorizations }: Template): Omit<Template, 'template'> {
  const renewed = Object.entries(authorizations).map(
    ([client, entry]) => [client, { ...entry, sid: randomText(), grantId: randomText() }] as const,
  );
  return { uid: randomText(), authorizations: Object.fromEntries(renewed) };
}

const sidsOf = (authorizations: Authorizations) =>
  Object.fromEntries(Object.entries(authorizations).map(([client, { sid }]) => [client, sid]));

/** Makes `count` copies of live sessions, of each in turn. */
export async function copySignIns(db: Database, count: number): Promise<PreparedSession[]> {
  const templates = await runSql<Template>(
    db,
    'select uid, authorizations from sessions where account_id is not null and ended_at is null',
  );
  const copies = Array.from({ length: count }, (_, index) => {
    const template = templates[index % templates.length]!;
    return { template: template.uid, ...copyOf(template) };
  });
  for (let from = 0; from < count; from += batchSize) {
    const batch = JSON.stringify(copies.slice(from, from + batchSize));
    await db.read(copySessions, [batch]);
    await db.read(copyGrants, [batch]);
  }
  // As autovacuum does after this many rows.
  await runSql(db, 'analyze sessions, grants');
  return copies.map(({ uid, authorizations }) => ({ uid, sids: sidsOf(authorizations) }));
}
