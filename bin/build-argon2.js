#!/usr/bin/env node
// `npm run build:argon2`: compiles the sources of the argon2 package for AVX-512 and for AVX2; the binary that
// the package brings uses SSE2. src/credentials/argon2.ts chooses the fastest of these binaries when Frontdesk starts.
//
// Runs after `npm ci` as well (--if-possible), where it takes some seconds, prints nothing and never fails. It needs a
// C++ compiler and nothing else: node-addon-api and node-api-headers come by npm. Plain JavaScript, because npm may run
// on a Node that cannot run TypeScript.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);

/** The widest first. `flags`: features that the processor must have, by their names in /proc/cpuinfo. */
const vectorUnits = [
  {
    name: 'avx512',
    options: ['-mavx512f', '-mavx512vl'],
    // The code uses no VBMI2. It is required because processors without it (before Ice Lake and Zen 4) lower their
    // clock for wide vectors.
    flags: ['sse4_2', 'popcnt', 'avx', 'avx2', 'avx512f', 'avx512vl', 'avx512_vbmi2'],
  },
  { name: 'avx2', options: ['-mavx2'], flags: ['sse4_2', 'popcnt', 'avx', 'avx2'] },
];

// As in binding.gyp of the package.
const commonOptions = [
  '-O3',
  '-fPIC',
  '-fvisibility=hidden',
  '-ffunction-sections',
  '-fdata-sections',
  '-pthread',
  '-DNDEBUG',
];
const addonDefines = ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_DEPRECATED', 'NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED'];
const sources = ['argon2', 'core', 'encoding', 'thread', 'opt', 'blake2/blake2b'];
/** Time limit of the build, and of the check of each binary. */
const timeoutMilliseconds = 120_000;

const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Ends the compilers that still run when another has failed, or after the time limit. */
const stop = new AbortController();
setMaxListeners(0, stop.signal);
setTimeout(() => stop.abort(), timeoutMilliseconds).unref();

/** Runs a compiler. @throws Error with what it printed */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], signal: stop.signal });
    let printed = '';
    child.stderr.on('data', (chunk) => (printed += chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} failed (${code ?? 'killed'}): ${printed}`)),
    );
  });
}

/** Compiles all binaries into a folder. @returns their paths, in the order of `vectorUnits` */
async function compile(folder) {
  const argon2 = dirname(require.resolve('argon2/package.json'));
  const headers = [
    join(argon2, 'argon2/include'),
    require('node-addon-api').include_dir,
    require('node-api-headers').include_dir,
  ].map((path) => `-I${path}`);
  const [c, cpp] = [process.env.CC || 'cc', process.env.CXX || 'c++'];
  const addon = join(folder, 'addon.o');
  const defines = addonDefines.map((define) => `-D${define}`);
  const addonCompilation = run(cpp, [
    ...['-std=c++17', '-fexceptions', ...commonOptions, ...defines, ...headers],
    ...['-c', join(argon2, 'argon2.cpp'), '-o', addon],
  ]);
  const objects = vectorUnits.map(({ name, options }) =>
    sources.map((source) => {
      const object = join(folder, `${name}-${basename(source)}.o`);
      const input = join(argon2, 'argon2/src', `${source}.c`);
      return { object, compilation: run(c, [...commonOptions, ...options, ...headers, '-c', input, '-o', object]) };
    }),
  );
  await Promise.all([addonCompilation, ...objects.flat().map(({ compilation }) => compilation)]);
  return Promise.all(
    vectorUnits.map(async ({ name }, index) => {
      // The path at which node-gyp-build looks for the binary, below the folder that it is given.
      const binary = join(folder, name, 'build/Release/argon2.node');
      mkdirSync(dirname(binary), { recursive: true });
      const inputs = [addon, ...objects[index].map(({ object }) => object)];
      await run(cpp, ['-shared', '-pthread', '-Wl,--gc-sections', '-s', ...inputs, '-o', binary]);
      for (const { object } of objects[index]) rmSync(object);
      return binary;
    }),
  ).finally(() => rmSync(addon, { force: true }));
}

/** The test vector of RFC 9106, section 5.3. */
const expectedHash = '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659';
const hashScript = `
  const [password, salt, secret, data] = [[32, 1], [16, 2], [8, 3], [12, 4]].map((each) => Buffer.alloc(...each));
  require(process.argv[1])
    .hash({ password, salt, secret, data, hashLength: 32, m: 32, t: 3, p: 4, version: 19, type: 2 })
    .then((hash) => process.stdout.write(hash.toString('hex')));`;

/** Whether a binary computes the right hash on this processor. It runs in another process, which it may crash. */
function isCorrect(binary) {
  const { stdout } = spawnSync(process.execPath, ['-e', hashScript, binary], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: timeoutMilliseconds,
  });
  return stdout === expectedHash;
}

/**
 * Builds the binaries, and keeps those that compute the right hash on this processor.
 *
 * @param target folder of the binaries, which is replaced
 * @returns the names of the binaries that were kept
 */
async function build(target) {
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, 'building-'));
  try {
    const binaries = await compile(temporary);
    const { version } = require('argon2/package.json');
    const entries = vectorUnits.map(({ name, flags }, index) => ({ name, flags, sha256: sha256(binaries[index]) }));
    const correct = entries.filter((_, index) => isCorrect(binaries[index]));
    const manifest = { version, binaries: correct };
    writeFileSync(join(temporary, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    rmSync(target, { recursive: true, force: true });
    renameSync(temporary, target);
    return correct.map(({ name }) => name);
  } finally {
    stop.abort();
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  }
}

const { values } = parseArgs({
  options: {
    'if-possible': { type: 'boolean', default: false },
    // Where the binaries go; for tests.
    out: {
      type: 'string',
      default: fileURLToPath(new URL('../node_modules/.cache/frontdesk-argon2', import.meta.url)),
    },
  },
});
const isQuiet = values['if-possible'];
if (process.platform !== 'linux' || process.arch !== 'x64') {
  if (!isQuiet) console.log('Nothing to do: the binary of the argon2 package is used on this platform.');
} else {
  try {
    const names = await build(values.out);
    const list = names.length > 0 ? names.join(', ') : 'none that this processor can run';
    if (!isQuiet) console.log(`Binaries of argon2: ${list}. Frontdesk takes the fastest at its next start.`);
  } catch (error) {
    if (!isQuiet) {
      console.error(`argon2 was not built, and the binary of its package is used: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
