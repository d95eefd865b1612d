#!/usr/bin/env node
// Node runs the TypeScript sources as they are.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Frontdesk needs Node 22.18 or newer; this is ${process.version}. In the checkout, run it through npm: npm start`,
  );
  process.exit(1);
}
await import('../src/main.ts');
