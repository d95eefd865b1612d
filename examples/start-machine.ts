/** `npm run demo:machine`: runs `machine/report.ts` against the demo, with the client secret that the demo registered. */
import { apis, audience, issuer } from './addresses.ts';
import './localhost-names.ts';
import { readSeed } from './seed.ts';

const { machineSecret } = readSeed() ?? {};
if (machineSecret === undefined) {
  console.error('Start the demo first, in another terminal: npm run demo');
  process.exit(1);
}
Object.assign(process.env, {
  ISSUER: issuer,
  CLIENT_ID: 'report',
  CLIENT_SECRET: machineSecret,
  API_AUDIENCE: audience,
  API_URLS: apis.join(' '),
});
await import('./machine/report.ts');
