/** Where the demo is: its addresses, from DEMO_PORT on, and its folder. */
import { join } from 'node:path';

const usualPort = 4000;
const firstPort = Number(process.env['DEMO_PORT'] ?? usualPort);

/** Six in a row: Frontdesk, site A, site B and its two APIs, site C. */
export const ports = [0, 1, 2, 3, 4, 5].map((index) => firstPort + index);
const [issuerPort, siteAPort, siteBPort, api1Port, api2Port, siteCPort] = ports;

export const issuer = `http://idp.localhost:${issuerPort}`;
export const siteA = `http://site-a.localhost:${siteAPort}`;
export const siteB = `http://site-b.localhost:${siteBPort}`;
export const siteC = `http://site-c.localhost:${siteCPort}`;
export const apis = [`http://api-1.localhost:${api1Port}/`, `http://api-2.localhost:${api2Port}/`];
export const audience = 'https://api.site-b.example/';

// For each port a folder: the apps in it are registered with their addresses. Not DATA_DIR: `--fresh` deletes the
// folder, which must not be that of another deployment.
const name = firstPort === usualPort ? 'demo' : `demo-${firstPort}`;
export const dataFolder = process.env['DEMO_DATA_DIR'] ?? join(import.meta.dirname, '../data', name);
/** Secrets of the apps; empty until all apps are registered. */
export const seedFile = join(dataFolder, 'demo.json');
