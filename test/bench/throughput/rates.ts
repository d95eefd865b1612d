/** How fast hashes and signatures are alone, on the processor of the providers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { closeAfterwards } from '../../support/cleanup.ts';
import { pin, providerProcessor } from './target.ts';

export interface Rate {
  what: string;
  /** Milliseconds of CPU for one. */
  cpu: number;
}

/** @param seconds for all together */
export async function measureRates(seconds: number): Promise<Rate[]> {
  const script = join(import.meta.dirname, 'rates-script.ts');
  const child = spawn(process.execPath, ['--no-warnings', script, String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const close = closeAfterwards(() => child.kill('SIGKILL'));
  pin(child.pid!, providerProcessor);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await once(child, 'close');
  await close();
  return JSON.parse(printed) as Rate[];
}

/** @param rounds each with the same rates */
export function medianRates(rounds: readonly Rate[][]): Rate[] {
  const [first = []] = rounds;
  return first.map(({ what }, index) => {
    const values = rounds.map((round) => round[index]!.cpu).toSorted((one, other) => one - other);
    return { what, cpu: values[Math.floor(values.length / 2)]! };
  });
}
