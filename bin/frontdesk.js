#!/usr/bin/env node
// Runs the built program where there is one (the published package), else the sources as they are.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Frontdesk needs Node 22.18 or newer; this is ${process.version}. In the checkout, run it through npm: npm start`,
  );
  process.exit(1);
}
const built = new URL('../dist/main.js', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/main.ts', import.meta.url).href);
