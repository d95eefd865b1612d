/**
 * Caches rows. A row is cached until the database notifies this process that it changed (LISTEN, NOTIFY), and used only
 * while such notifications are known to arrive.
 */
import type { UnitOfWork } from './unit-of-work.ts';

export interface RowCache {
  /**
   * Returns the cached row, or the one that `read` finds. It is at most a second old, and shared: callers must not change
   * it. A unit of work that has changed the row always reads it.
   *
   * @param table name of the rows in the cache and in notifications
   * @param read finds the row in the database; undefined is not cached, so that a new row is found at once
   */
  find<Row>(table: string, key: string, read: () => Promise<Row | undefined>): Promise<Row | undefined>;
  /**
   * To be called by a unit of work that changes a row, or all rows (without a key). The unit of work reads the row from now
   * on; other callers in this process do so when the unit of work has ended, without waiting for the notification.
   */
  noteChange(table: string, key?: string): void;
  /** Drops one row, or all of a table. */
  drop(table: string, key?: string): void;
  /** Drops everything. */
  clear(): void;
}

/** Maximum number of rows of one table: about 5 KB each for clients. The least recently used row is dropped. */
const maxRows = 1_000;

class Table {
  /** In order of use: the most recently used row is the last. */
  readonly #rows = new Map<string, unknown>();
  /** Number of drops. A row that was read before a drop may be outdated. */
  dropCount = 0;

  get(key: string): unknown {
    const row = this.#rows.get(key);
    if (row !== undefined) this.set(key, row);
    return row;
  }

  set(key: string, row: unknown): void {
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size > maxRows) this.#rows.delete(this.#rows.keys().next().value!);
  }

  drop(key?: string): void {
    this.dropCount += 1;
    if (key === undefined) this.#rows.clear();
    else this.#rows.delete(key);
  }
}

/** The rows that a unit of work has changed: table → keys; the key undefined stands for all rows. */
class Changes {
  readonly #keys = new Map<string, Set<string | undefined>>();

  add(table: string, key: string | undefined): void {
    this.#keys.set(table, (this.#keys.get(table) ?? new Set()).add(key));
  }

  has(table: string, key: string): boolean {
    const keys = this.#keys.get(table);
    return keys !== undefined && (keys.has(undefined) || keys.has(key));
  }
}

export interface RowCacheOptions {
  /** Whether every notification has arrived that was sent until a moment ago. */
  isCurrent: () => boolean;
  /** The unit of work of the caller; undefined when there is none. */
  unitOfWork: () => UnitOfWork | undefined;
}

export function createRowCache({ isCurrent, unitOfWork }: RowCacheOptions): RowCache {
  const tables = new Map<string, Table>();
  const changesOf = new WeakMap<UnitOfWork, Changes>();

  function tableOf(name: string): Table {
    const table = tables.get(name) ?? new Table();
    tables.set(name, table);
    return table;
  }

  return {
    async find<Row>(name: string, key: string, read: () => Promise<Row | undefined>) {
      const unit = unitOfWork();
      const isChanged = unit !== undefined && changesOf.get(unit)?.has(name, key) === true;
      if (isChanged || !isCurrent()) return read();
      const table = tableOf(name);
      const cached = table.get(key) as Row | undefined;
      if (cached !== undefined) return cached;
      const { dropCount } = table;
      const row = await read();
      // A row that was read before a drop may be older than the change.
      if (row !== undefined && isCurrent() && table.dropCount === dropCount) table.set(key, row);
      return row;
    },

    noteChange(name, key) {
      const table = tableOf(name);
      // Rows that this unit of work reads are not committed, so they are not cached.
      table.drop(key);
      const unit = unitOfWork();
      if (!unit) return;
      const changes = changesOf.get(unit) ?? new Changes();
      changesOf.set(unit, changes);
      changes.add(name, key);
      unit.onEnd(() => table.drop(key));
    },

    drop: (name, key) => tableOf(name).drop(key),
    clear: () => {
      for (const table of tables.values()) table.drop();
    },
  };
}
