/** SQL for the budgets of sign-in attempts. All statements lock rows in the same order, so that none can deadlock. */
import type { Database } from '../platform/database.ts';
import { sql } from '../platform/statement.ts';
import type { Budget, BudgetName } from './attempt-budgets.ts';

/** A row: one budget of one subject at one place. */
export interface AttemptRow extends Budget {
  budget: BudgetName;
  subject: Buffer;
  place: Buffer;
}

export interface CountedRow extends AttemptRow {
  /** Number of attempts that are left after this one; undefined when this attempt was not counted in this row. */
  remaining: number | undefined;
  /** Seconds until all attempts are forgotten; undefined unless the budget was used up before this attempt. */
  waitSeconds: number | undefined;
}

const keysOf = (rows: readonly AttemptRow[]) => [
  rows.map(({ budget }) => budget),
  rows.map(({ subject }) => subject),
  rows.map(({ place }) => place),
  rows.map(({ max }) => max),
];

// One statement, so that concurrent attempts cannot count past the maximum: each row is counted under its lock. When a
// budget is used up already, no row is written. `pair` comes first because `names` depends on it.
const countRows = sql`
  with asked as (
    select * from unnest($1::text[], $2::bytea[], $3::bytea[], $4::integer[], $5::integer[], $6::text[])
      with ordinality a (budget, subject, place, max, seconds, role, position)
  ), used_up as (
    select budget, subject, place, role, expires_at from asked join sign_in_attempts s using (budget, subject, place)
    where s.remaining = 0 and s.expires_at > now()
  ), pair as (
    insert into sign_in_attempts as s (subject, place, budget, remaining, expires_at)
    select subject, place, budget, max - 1, now() + make_interval(secs => seconds) from asked
    where role = 'pair' and not exists (select from used_up where role <> 'silent')
    order by position
    on conflict (subject, place, budget) do update set
      remaining = case when s.expires_at > now() then least(s.remaining - 1, excluded.remaining) else excluded.remaining end,
      expires_at = case when s.expires_at > now() then s.expires_at else excluded.expires_at end
    where s.remaining > 0 or s.expires_at <= now()
    returning budget, subject, place, remaining
  ), pairs as (
    select count(p.budget) = count(*) as are_counted, bool_and(p.remaining = a.max - 1) as are_first
    from asked a left join pair p using (budget, subject, place) where role = 'pair'
  ), others as (
    insert into sign_in_attempts as s (subject, place, budget, remaining, expires_at)
    select subject, place, budget, max - 1, now() + make_interval(secs => seconds) from asked, pairs
    where role <> 'pair' and pairs.are_counted and (role <> 'names' or pairs.are_first)
      and (role <> 'silent' or not exists (select from used_up where role = 'silent'))
    order by position
    on conflict (subject, place, budget) do update set
      remaining = case when s.expires_at > now() then least(s.remaining - 1, excluded.remaining) else excluded.remaining end,
      expires_at = case when s.expires_at > now() then s.expires_at else excluded.expires_at end
    where s.remaining > 0 or s.expires_at <= now()
    returning budget, subject, place, remaining
  ), counted as (
    select * from pair union all select * from others
  )
  select c.remaining, ceil(extract(epoch from u.expires_at - now()))::integer as wait
  from asked left join counted c using (budget, subject, place) left join used_up u using (budget, subject, place)
  order by position`;

/**
 * Counts an attempt in all rows. When one row that is not `silent` is used up, none of those are counted; likewise for
 * the `silent` rows. When concurrent attempts use up different budgets, some rows of a refused attempt may be counted.
 *
 * @param rows sorted the same way in every call, the rows with role `pair` first
 */
export async function countAttempt(db: Database, rows: readonly AttemptRow[]): Promise<CountedRow[]> {
  const values = [...keysOf(rows), rows.map(({ seconds }) => seconds), rows.map(({ role }) => role)];
  const result = await db.writeOutsideTransaction<{ remaining: number | null; wait: number | null }>(countRows, values);
  return rows.map((row, index) => {
    const { remaining, wait } = result.rows[index]!;
    return { ...row, remaining: remaining ?? undefined, waitSeconds: wait ?? undefined };
  });
}

const addOne = sql`
  with locked as (
    select budget, subject, place, a.max
    from unnest($1::text[], $2::bytea[], $3::bytea[], $4::integer[])
      with ordinality a (budget, subject, place, max, position)
    join sign_in_attempts s using (budget, subject, place) order by position for update of s
  )
  update sign_in_attempts s set remaining = least(s.remaining + 1, l.max) from locked l
  where s.budget = l.budget and s.subject = l.subject and s.place = l.place`;

/** Takes back one attempt from each row. */
export async function giveBackAttempt(db: Database, rows: readonly AttemptRow[]): Promise<void> {
  if (rows.length > 0) await db.writeOutsideTransaction(addOne, keysOf(rows));
}

/**
 * What a right password does to a row: `restore` takes back one attempt. So does `restore-pair`, if a row of the budget
 * `name-network` is deleted: the first attempt of that name in that network was counted here.
 */
export type Settlement = 'delete' | 'restore' | 'restore-pair';

const settleRows = sql`
  with locked as (
    select budget, subject, place, a.max, a.settlement
    from unnest($1::text[], $2::bytea[], $3::bytea[], $4::integer[], $5::text[])
      with ordinality a (budget, subject, place, max, settlement, position)
    join sign_in_attempts s using (budget, subject, place) order by position for update of s
  ), deleted as (
    delete from sign_in_attempts s using locked l
    where l.settlement = 'delete' and s.budget = l.budget and s.subject = l.subject and s.place = l.place
    returning s.budget
  )
  update sign_in_attempts s set remaining = least(s.remaining + 1, l.max) from locked l
  where s.budget = l.budget and s.subject = l.subject and s.place = l.place and (
    l.settlement = 'restore'
    or l.settlement = 'restore-pair' and exists (select from deleted where budget = 'name-network'))`;

/** Deletes rows, and takes back one attempt from others. @param rows in the order of `countAttempt` */
export async function settleAttempt(
  db: Database,
  rows: readonly (AttemptRow & { settlement: Settlement })[],
): Promise<void> {
  await db.writeOutsideTransaction(settleRows, [...keysOf(rows), rows.map(({ settlement }) => settlement)]);
}

const deleteBySubject = sql`
  with locked as (
    select subject, place, budget from sign_in_attempts where subject = any($1)
    order by budget not in ('name-device', 'name-network'), subject, place, budget collate "C" for update
  )
  delete from sign_in_attempts s using locked l
  where s.subject = l.subject and s.place = l.place and s.budget = l.budget`;

export async function deleteAttemptsOf(db: Database, subjects: readonly Buffer[]): Promise<void> {
  await db.writeOutsideTransaction(deleteBySubject, [subjects]);
}

/** A budget that is used up. */
export interface Lock {
  budget: BudgetName;
  /** Number of places at which it is used up: networks, sites or known devices; 1 for a budget without a place. */
  places: number;
  /** Seconds until the last of these locks ends. */
  seconds: number;
}

// A digest begins with four bytes that name its root secret: the rows of one secret are counted.
const selectLocks = sql`
  with of_secret as (
    select budget, count(*) as places, max(expires_at) as expires_at from sign_in_attempts
    where subject = any($1) and remaining = 0 and expires_at > now()
    group by budget, substring(subject for 4)
  )
  select budget, max(places)::integer as places, ceil(extract(epoch from max(expires_at) - now()))::integer as seconds
  from of_secret group by budget order by budget collate "C"`;

export async function listLocks(db: Database, subjects: readonly Buffer[]): Promise<Lock[]> {
  return db.read<Lock>(selectLocks, [subjects]);
}
