/** `npm run demo:machine`: runs `report.ts` against the demo, with the client secret that the demo registered. */
import { existsSync, readFileSync } from 'node:fs';
import { apis, audience, issuer, seedFile } from '../addresses.ts';
import '../localhost-names.ts';

if (!existsSync(seedFile)) {
  console.error('Start the demo first, in another terminal: npm run demo');
  process.exit(1);
}
const { machineSecret } = JSON.parse(readFileSync(seedFile, 'utf8')) as { machineSecret: string };
Object.assign(process.env, {
  ISSUER: issuer,
  CLIENT_ID: 'report',
  CLIENT_SECRET: machineSecret,
  API_AUDIENCE: audience,
  API_URLS: apis.join(' '),
});
await import('./report.ts');
