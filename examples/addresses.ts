/** Addresses of the demo, on the ports from DEMO_PORT on, and its folder. */
import { join } from 'node:path';

const defaultPort = 4000;
const firstPort = Number(process.env['DEMO_PORT'] ?? defaultPort);

/** Six consecutive ports: Frontdesk, site A, site B and its two APIs, site C. */
export const ports = [0, 1, 2, 3, 4, 5].map((index) => firstPort + index);
const [issuerPort, siteAPort, siteBPort, api1Port, api2Port, siteCPort] = ports;

export const issuer = `http://idp.localhost:${issuerPort}`;
export const siteA = `http://site-a.localhost:${siteAPort}`;
export const siteB = `http://site-b.localhost:${siteBPort}`;
export const siteC = `http://site-c.localhost:${siteCPort}`;
export const apis = [`http://api-1.localhost:${api1Port}/`, `http://api-2.localhost:${api2Port}/`];
export const audience = 'https://api.site-b.example/';

// Each DEMO_PORT has a folder of its own, because its apps are registered with their addresses. DATA_DIR does not
// count: `--fresh` deletes the folder, and must not delete the folder of another deployment.
const name = firstPort === defaultPort ? 'demo' : `demo-${firstPort}`;
export const dataFolder = process.env['DEMO_DATA_DIR'] ?? join(import.meta.dirname, '../data', name);
/** Secrets of the apps; empty until all apps are registered. */
export const seedFile = join(dataFolder, 'demo.json');
