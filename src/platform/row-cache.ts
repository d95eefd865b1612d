/**
 * Rows in memory. A row is kept until the database tells that it changed (LISTEN, NOTIFY), and used only while such
 * notifications are known to arrive.
 */
import type { UnitOfWork } from './unit-of-work.ts';

export interface RowCache {
  /**
   * A row that is kept, or what `read` finds. It is at most a second old, and shared: nobody may change it. In a unit of
   * work that has changed it, it is read.
   *
   * @param table what the rows are kept as, in the notifications too
   * @param read finds the row in the database; undefined is not kept, so that a new row is found at once
   */
  find<Row>(table: string, key: string, read: () => Promise<Row | undefined>): Promise<Row | undefined>;
  /**
   * Tells that the unit of work of the caller changes a row, or all rows without a key: it reads the row from now on, and
   * so does this process when the unit of work has ended, without waiting for the notification.
   */
  changes(table: string, key?: string): void;
  /** Drops one row, or all of a table. */
  drop(table: string, key?: string): void;
  /** Drops everything. */
  clear(): void;
}

/** Maximum number of rows of one table: about 5 KB each for clients. Those that were used last are kept. */
const maxRows = 1_000;

class Table {
  /** The row that was used last comes last. */
  readonly #rows = new Map<string, unknown>();
  /** Grows with each drop: what was read before may be outdated. */
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

/** The rows that a unit of work has changed: table → keys; undefined stands for all. */
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
  /** The unit of work of the caller, if there is one. */
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
      const kept = table.get(key) as Row | undefined;
      if (kept !== undefined) return kept;
      const { dropCount } = table;
      const row = await read();
      // A row that was read before a drop may be older than the change.
      if (row !== undefined && isCurrent() && table.dropCount === dropCount) table.set(key, row);
      return row;
    },

    changes(name, key) {
      const table = tableOf(name);
      // What this unit of work reads meanwhile is not committed: it is not kept.
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
