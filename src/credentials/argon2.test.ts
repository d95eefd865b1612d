/** Tests which binary of argon2 is loaded, and that all of them make the same hashes. */
import { spawnSync } from 'node:child_process';
import { argon2Sync, createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { testWhere } from '../../test/support/where.ts';
import type { Argon2Options } from './argon2.ts';

/** A processor with these features. */
function cpuinfo(flags: string): string {
  const file = join(temporaryFolder(), 'cpuinfo');
  writeFileSync(file, `processor\t: 0\nmodel name\t: Any\nflags\t\t: ${flags}\n\nprocessor\t: 1\n`);
  return file;
}
const avx2 = 'fpu sse sse2 ssse3 sse4_2 popcnt avx avx2 bmi2';
const avx512OfSkylake = `${avx2} avx512f avx512vl avx512bw`;
const noVectorUnit = 'fpu sse sse2 ssse3';

const flagsHere = /^flags\s*:(.*)$/m.exec(
  process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '',
)?.[1];
const hasAvx2 = process.arch === 'x64' && flagsHere?.includes(' avx2 ') === true;
const hasCompiler = ['cc', 'c++'].every((name) => spawnSync(name, ['--version']).status === 0);
const missing = hasAvx2 && hasCompiler ? undefined : 'no AVX2 on Linux, or no C++ compiler';

/** Builds as `npm run build:argon2` does, into a folder of the test. */
function build(environment: NodeJS.ProcessEnv = {}, ...more: string[]) {
  const folder = join(temporaryFolder(), 'argon2');
  const args = [join(process.cwd(), 'bin/build-argon2.js'), '--out', folder, ...more];
  const options = { env: { ...process.env, ...environment }, encoding: 'utf8' as const };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { status, printed: `${stdout}${stderr}`, folder };
}

let built: string;
const binaryIn = (folder: string, name: string) => join(folder, name, 'build/Release/argon2.node');
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

beforeAll(() => {
  if (missing === undefined) built = build().folder;
});

interface Loaded {
  binary: string;
  problem?: string;
  /** Hashes of the test vector of RFC 9106, and of a password with our parameters. */
  hashes: string[];
}

const salt = 'a salt of a test';
const message = 'correct horse battery staple';
const program = `
  const [file, options] = JSON.parse(process.argv[1]);
  const { argon2, ...loaded } = (await import(file)).loadArgon2(options);
  const [password, salt, secret, associatedData] = [[32, 1], [16, 2], [8, 3], [12, 4]].map((each) => Buffer.alloc(...each));
  const hashes = [
    await argon2.hash(password, { salt, secret, associatedData, memoryCost: 32, timeCost: 3, parallelism: 4, raw: true }),
    await argon2.hash(${JSON.stringify(message)},
      { salt: Buffer.from(${JSON.stringify(salt)}), memoryCost: 19456, timeCost: 2, parallelism: 1, raw: true }),
  ].map((hash) => hash.toString('hex'));
  console.log(JSON.stringify({ ...loaded, hashes }));`;

/** Loads argon2 in a process of its own, since a process keeps what it has loaded. @returns the signal if one ended it */
function load(options: Argon2Options): Loaded | NodeJS.Signals {
  const file = join(process.cwd(), 'src/credentials/argon2.ts');
  const args = ['--no-warnings', '--input-type=module', '-e', program, JSON.stringify([file, options])];
  const { stdout, stderr, signal } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (signal) return signal;
  if (stderr) throw new Error(stderr);
  return JSON.parse(stdout) as Loaded;
}

const hashes = [
  '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659',
  argon2Sync('argon2id', {
    ...{ message, nonce: salt, memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 },
  }).toString('hex'),
];

test('without a build, the binary of the package is used, and nothing is wrong', () => {
  expect(load({ folder: temporaryFolder(), cpuinfo: '/proc/cpuinfo' })).toEqual({ binary: 'package', hashes });
});

testWhere(missing, 'the fastest binary for the processor is used, and all make the same hashes', async () => {
  const wide = flagsHere!.includes(' avx512_vbmi2 ') ? 'avx512' : 'avx2';
  expect(load({ folder: built, cpuinfo: '/proc/cpuinfo' })).toEqual({ binary: wide, hashes });
  expect(load({ folder: built, cpuinfo: cpuinfo(avx2) })).toEqual({ binary: 'avx2', hashes });
  expect(load({ folder: built, cpuinfo: cpuinfo(avx512OfSkylake) })).toEqual({ binary: 'avx2', hashes });
  expect(load({ folder: built, cpuinfo: cpuinfo(noVectorUnit) })).toEqual({ binary: 'package', hashes });
  expect(load({ folder: built, cpuinfo: '/nothing/here' })).toEqual({ binary: 'package', hashes });
});

/** A binary that ends the process that loads it, as one does whose instructions the processor lacks. */
function makeDeadly(): string {
  const folder = temporaryFolder();
  const binary = binaryIn(folder, 'avx2');
  mkdirSync(dirname(binary), { recursive: true });
  const source = join(folder, 'deadly.c');
  writeFileSync(source, '__attribute__((constructor)) static void load(void) { __asm__("ud2"); }\n');
  expect(spawnSync('cc', ['-shared', '-fPIC', source, '-o', binary]).status).toBe(0);
  const { version } = JSON.parse(readFileSync('node_modules/argon2/package.json', 'utf8')) as { version: string };
  const manifest = { version, binaries: [{ name: 'avx2', flags: ['avx2'], sha256: sha256(readFileSync(binary)) }] };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

testWhere(missing, 'a binary that the processor cannot run is never loaded', async () => {
  const folder = makeDeadly();
  expect(load({ folder, cpuinfo: cpuinfo(noVectorUnit) })).toEqual({ binary: 'package', hashes });
  // It is deadly indeed.
  expect(load({ folder, cpuinfo: cpuinfo(avx2) })).toBe('SIGILL');
});

/** Changes the manifest of a folder. */
function change(folder: string, from: RegExp, to: string): void {
  const file = join(folder, 'manifest.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

const damages: [string, (folder: string) => void, RegExp][] = [
  ['that is damaged', (folder) => truncateSync(binaryIn(folder, 'avx2'), 8_192), /digest/],
  ['that is missing', (folder) => rmSync(binaryIn(folder, 'avx2')), /no such file/],
  ['of another version', (folder) => change(folder, /"version": "[^"]*"/, '"version": "0.1.0"'), /0\.1\.0/],
  ['with half a manifest', (folder) => change(folder, /^\{/, ''), /JSON/],
  ['with another manifest', (folder) => change(folder, /"binaries"/, '"other"'), /undefined/],
  [
    // As one for another Node or another C library is.
    'that cannot be loaded',
    (folder) => {
      writeFileSync(binaryIn(folder, 'avx2'), 'not a library');
      change(folder, /("name": "avx2"[^]*"sha256": ")[^"]*/, `$1${sha256('not a library')}`);
    },
    /file too short|invalid ELF header/,
  ],
];

for (const [what, spoil, reason] of damages) {
  testWhere(missing, `a binary ${what} is passed over, with the reason`, async () => {
    const folder = temporaryFolder();
    cpSync(built, folder, { recursive: true });
    spoil(folder);
    const expected = { binary: 'package', problem: expect.stringMatching(reason) as string, hashes };
    expect(load({ folder, cpuinfo: cpuinfo(avx2) })).toEqual(expected);
  });
}

testWhere(missing, 'without a compiler nothing is built, and npm ci goes on without a word', async () => {
  const none = { CC: '/nothing/here/cc', CXX: '/nothing/here/c++' };
  expect(build(none, '--if-possible')).toMatchObject({ status: 0, printed: '' });
  const { status, printed, folder } = build(none);
  expect([status, printed]).toEqual([1, expect.stringContaining('the binary of its package is used')]);
  expect(readdirSync(dirname(folder))).toEqual([]);
});
