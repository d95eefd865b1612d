/** Compares providers side by side: each operation at each target in turn, in several rounds; the median counts. */
import { startBenchDatabase } from './database.ts';
import { medianOf } from './figures.ts';
import { measure, warmUp, type Measured } from './measure.ts';
import { operations, type Operation } from './operations.ts';
import { startPeers, type MissingPeer } from './peers.ts';
import { measureRates, medianRates, type Rate } from './rates.ts';
import { startBareLibrary, startFrontdeskTarget } from './targets.ts';
import { driverProcessor, pin, type Target } from './target.ts';

export interface ThroughputOptions {
  rounds: number;
  /** Length of each measurement. */
  seconds: number;
  /** Names of the operations; all when it is empty. */
  only: string[];
  /** Whether Keycloak and Ory Hydra are compared too. */
  peers: boolean;
}

export interface ThroughputRow {
  operation: string;
  target: string;
  median: Measured;
}

export type Product = Pick<Target, 'name' | 'about' | 'startMilliseconds'>;

export interface Throughput {
  rows: ThroughputRow[];
  /** Of hashes and signatures alone; measured in turn with the sign-ins with password. */
  rates: Rate[];
  products: Product[];
  missing: MissingPeer[];
  /** What could not be measured. */
  failures: string[];
}

/** The operation in turn with which hashes and signatures are measured. */
export const hashingOperation = 'sign-in with password';

export async function measureThroughput({ rounds, seconds, only, peers }: ThroughputOptions): Promise<Throughput> {
  pin(process.pid, driverProcessor);
  const database = await startBenchDatabase();
  const { started, missing } = peers ? await startPeers(database) : { started: [], missing: [] };
  const targets = [await startFrontdeskTarget(database), await startBareLibrary(), ...started];
  const rows: ThroughputRow[] = [];
  const rates: Rate[][] = [];
  const failures: string[] = [];

  async function compare(operation: Operation): Promise<void> {
    const able = new Map(
      targets.filter((target) => operation.isFor?.(target) ?? true).map((target) => [target, [] as Measured[]]),
    );
    /** One that fails is left out of this operation. */
    const attempt = async (target: Target, work: () => Promise<void>) =>
      work().catch((error: Error) => {
        failures.push(`${target.name}: ${operation.name}: ${error.message}`);
        able.delete(target);
      });
    for (const target of able.keys()) {
      if (target.warmsUp) await attempt(target, () => warmUp(target, operation, seconds / 2));
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const [target, measured] of able) {
        await attempt(target, async () => void measured.push(await measure(target, operation, seconds, database)));
      }
      if (operation.name === hashingOperation) rates.push(await measureRates(seconds));
    }
    for (const [{ name }, measured] of able) {
      rows.push({ operation: operation.name, target: name, median: medianOf(measured) });
    }
  }

  try {
    for (const operation of operations.filter(({ name }) => only.length === 0 || only.includes(name))) {
      process.stderr.write(`${operation.name} …\n`);
      await compare(operation);
    }
  } finally {
    for (const target of targets) await target.close();
  }
  const products = targets.map(({ name, about, startMilliseconds }) => ({
    name,
    ...(about !== undefined && { about }),
    ...(startMilliseconds !== undefined && { startMilliseconds }),
  }));
  return { rows, rates: medianRates(rates), products, missing, failures };
}
