/** `npm run demo:machine`: runs `report.ts` against the demo, with the client secret that the demo registered. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import '../localhost-names.ts';

const seedFile = join(import.meta.dirname, '../../data/demo/demo.json');
if (!existsSync(seedFile)) {
  console.error('Start the demo first, in another terminal: npm run demo');
  process.exit(1);
}
const { machineSecret } = JSON.parse(readFileSync(seedFile, 'utf8')) as { machineSecret: string };
Object.assign(process.env, {
  ISSUER: 'http://idp.localhost:4000',
  CLIENT_ID: 'report',
  CLIENT_SECRET: machineSecret,
  API_AUDIENCE: 'https://api.site-b.example/',
  API_URLS: 'http://api-1.localhost:4003/ http://api-2.localhost:4004/',
});
await import('./report.ts');
