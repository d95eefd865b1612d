/** Other providers that are compared: installed once, outside of the repository, and started on the same database. */
import { startHydra } from './peers/hydra.ts';
import { startKeycloak } from './peers/keycloak.ts';
import type { BenchDatabase } from './database.ts';
import type { Target } from './target.ts';

export interface MissingPeer {
  name: string;
  why: string;
}

/** Starts all that can be had on this machine. */
export async function startPeers(database: BenchDatabase): Promise<{ started: Target[]; missing: MissingPeer[] }> {
  const started: Target[] = [];
  const missing: MissingPeer[] = [];
  for (const [name, start] of Object.entries({ Keycloak: startKeycloak, 'Ory Hydra': startHydra })) {
    process.stderr.write(`${name} …\n`);
    try {
      started.push(await start(database));
    } catch (error) {
      missing.push({ name, why: (error as Error).message });
    }
  }
  return { started, missing };
}
