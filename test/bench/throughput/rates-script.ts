/** Measures hashes and signatures, and prints them as JSON. A process of its own (`rates.ts`). */
import { generateKeyPairSync, sign } from 'node:crypto';
import { loadArgon2, type Argon2 } from '../../../src/credentials/argon2.ts';
import { hashParameters } from '../../../src/credentials/password.ts';
import type { Rate } from './rates.ts';

const seconds = Number(process.argv[2]);

async function rate(what: string, share: number, work: () => unknown): Promise<Rate> {
  // Once to warm up.
  await work();
  const start = process.cpuUsage();
  const until = performance.now() + seconds * 1000 * share;
  let count = 0;
  do {
    await work();
    count += 1;
  } while (performance.now() < until);
  const { user, system } = process.cpuUsage(start);
  return { what, cpu: (user + system) / 1000 / count };
}

const { argon2, binary } = loadArgon2();
const hashBy = (by: Argon2) => () => by.hash('a password of the bench', hashParameters);
const message = Buffer.alloc(400, 'x');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

process.stdout.write(
  JSON.stringify([
    await rate(`argon2id, binary ${binary}`, 0.6, hashBy(argon2)),
    await rate('signature RS256', 0.2, () => sign('sha256', message, rsa)),
    await rate('signature ES256', 0.2, () => sign('sha256', message, { key: ec, dsaEncoding: 'ieee-p1363' })),
  ]),
);
