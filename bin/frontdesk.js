#!/usr/bin/env node
// Node runs the TypeScript sources as they are.
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Frontdesk needs Node 22.18 or newer; this is ${process.version}. In the checkout, run it through npm: npm start`,
  );
  process.exit(1);
}
// Node 22 warns of its SQLite. Frontdesk uses nothing of it but the lock of a file (src/platform/file-lock.ts).
const warn = process.emitWarning.bind(process);
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).startsWith('SQLite is an experimental feature')) warn(warning, ...rest);
};
// Half of what a command takes is compiling. What was compiled is kept beside the code, where only who may change the
// code can write.
const { enableCompileCache } = await import('node:module');
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/frontdesk', import.meta.url)));
await import('../src/main.ts');
