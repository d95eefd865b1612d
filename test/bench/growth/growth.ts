/** Measures a deployment after months of use: the purge, and the end of very many sessions. */
import type { Frontdesk } from '../../support/frontdesk.ts';
import { fillDatabase } from '../../support/full-database.ts';
import { ann, siteA } from '../../support/people-and-apps.ts';
import { startServers } from '../../support/servers.ts';
import type { Target } from '../throughput/target.ts';
import { measureEndings, type EndingsResult } from './endings.ts';
import { startTokenLoad } from './load.ts';
import { awaitQuietTime, measurePurge, type PurgeResult } from './purge.ts';

export interface GrowthOptions {
  sessions: number;
  /** How long response times are measured before the purge. */
  baselineSeconds: number;
}

export interface GrowthResult {
  purge: PurgeResult;
  endings: EndingsResult;
}

async function prepare(frontdesk: Frontdesk): Promise<Pick<Target, 'app'>> {
  await ann(frontdesk);
  return { app: await siteA(frontdesk) };
}

export async function measureGrowth({ sessions, baselineSeconds }: GrowthOptions): Promise<GrowthResult> {
  const sizes = {
    accounts: Math.ceil(sessions * (300 / 1_100)),
    sessions,
    grants: Math.ceil(sessions * (1_600 / 1_100)),
    clients: 200,
  };
  const fill = async (url: string) => {
    await fillDatabase(url, sizes);
    await awaitQuietTime(baselineSeconds + 60 + sessions / 10_000);
  };
  const deployment = await startServers(1, prepare, { fill });
  const target: Target = {
    name: 'Frontdesk',
    issuer: deployment.issuer,
    port: deployment.servers[0]!.port,
    pid: deployment.servers[0]!.pid,
    databasePid: undefined,
    app: deployment.prepared.app,
    machine: deployment.prepared.app,
    hasPasswords: true,
    close: () => deployment.close(),
  };
  const load = await startTokenLoad(target);
  const purge = await measurePurge(deployment.databaseUrl, load, baselineSeconds);
  await load.stop();
  const endings = await measureEndings(
    { ...deployment, app: deployment.prepared.app },
    Math.min(20_000, Math.ceil(sessions / 10)),
  );
  await deployment.close();
  return { purge, endings };
}
