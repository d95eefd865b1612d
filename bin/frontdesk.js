#!/usr/bin/env node
// Node runs the TypeScript sources without a build.
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Frontdesk needs Node 22.18 or newer; this is ${process.version}. In the checkout, run it through npm: npm start`,
  );
  process.exit(1);
}
// Node 22 warns that SQLite is experimental. Frontdesk uses SQLite for the lock of a file only
// (src/platform/file-lock.ts).
const warn = process.emitWarning.bind(process);
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).startsWith('SQLite is an experimental feature')) warn(warning, ...rest);
};
// Compilation takes half of a command's time. The compiled code is cached beside the sources, where only users who may
// change the sources can write.
const { enableCompileCache } = await import('node:module');
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/frontdesk', import.meta.url)));
await import('../src/main.ts');
