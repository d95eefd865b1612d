/** SQL about the database itself. */
import { sql, type Database } from './database.ts';

const ping = sql`select 1 as one`;

export async function isAnswering(db: Database): Promise<boolean> {
  try {
    await db.read(ping);
    return true;
  } catch {
    // Whatever is wrong with it, the answer is the same: not now.
    return false;
  }
}
