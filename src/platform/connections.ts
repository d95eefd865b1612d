/** Takes connections from the pool, and closes those that would fail as another one has failed. */
import type pg from 'pg';
import { DatabaseBusy, PlanOutdated } from './database-errors.ts';
import { DatabaseSilent, withinLimit } from './time-limit.ts';

/** A statement that waited less than this does not show that its connection is silent. */
const minSilenceMilliseconds = 1_000;

/**
 * Takes a connection within this time. One that comes later goes back to the pool.
 *
 * @throws DatabaseBusy `connections` when the time is over
 */
async function takeWithin(pool: pg.Pool, milliseconds: number): Promise<pg.PoolClient> {
  const taken = pool.connect();
  if (milliseconds === Infinity) return taken;
  return withinLimit(taken, milliseconds).catch((error: Error) => {
    if (!(error instanceof DatabaseSilent)) throw error;
    taken.then(
      (client) => client.release(),
      () => {},
    );
    throw new DatabaseBusy('connections', `no connection within ${Math.round(milliseconds)} ms`);
  });
}

/**
 * The error with which one connection is released shows which others would fail too:
 *
 * - DatabaseSilent: a network that forgot one connection has often forgotten all. Those that have not responded since
 *   are closed, instead of being waited for one after the other.
 * - PlanOutdated: a migration has changed a table. Those that were opened before are closed, because their prepared
 *   statements stay refused.
 *
 * @returns a function that takes a connection within `maxMilliseconds`, by default within the pool's own limit
 */
export function createConnections(pool: pg.Pool): (maxMilliseconds?: number) => Promise<pg.PoolClient> {
  const openedAt = new WeakMap<pg.PoolClient, number>();
  const respondedAt = new WeakMap<pg.PoolClient, number>();
  let minOpenedAt = 0;
  let minRespondedAt = 0;

  pool.on('connect', (client) => {
    openedAt.set(client, performance.now());
    respondedAt.set(client, performance.now());
  });
  pool.on('release', (error: Error | undefined, client) => {
    const now = performance.now();
    if (error instanceof PlanOutdated) minOpenedAt = now;
    else if (!(error instanceof DatabaseSilent)) respondedAt.set(client, now);
    else if (error.milliseconds >= minSilenceMilliseconds) minRespondedAt = now - error.milliseconds;
  });
  const isUsable = (client: pg.PoolClient): boolean =>
    openedAt.get(client)! >= minOpenedAt && respondedAt.get(client)! >= minRespondedAt;

  return async (maxMilliseconds = Infinity) => {
    const deadline = performance.now() + maxMilliseconds;
    for (;;) {
      const client = await takeWithin(pool, deadline - performance.now());
      if (isUsable(client)) return client;
      client.release(true);
    }
  };
}
