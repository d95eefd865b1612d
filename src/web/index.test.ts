/** Tests the table of routes: each route has a guard and a response, and no other file mounts routes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listRoutes } from './index.ts';
import type { Services } from './services.ts';
import type { SignOut } from './sign-out/sign-out.ts';

// The handlers are created and never called.
const services = { issuer: 'http://idp.localhost:4000' } as Services;
const protocol = { hasClientRegistration: true, isConformance: false };
const options = {
  trustedProxies: 0,
  rateLimitFactor: 1,
  readiness: { isDraining: false },
  protocol,
  overload: { concurrency: 1 },
};
const routes = listRoutes(services, options, {} as SignOut);
const namedRoutes = routes.map((route) => ({ ...route, name: `${route.method} ${route.path}` }));

test('no route is listed twice', () => {
  expect(new Set(namedRoutes.map(({ name }) => name)).size).toBe(namedRoutes.length);
});

test.each(namedRoutes)('$name has a guard that its method allows', ({ method, guard }) => {
  const allowed =
    method === 'GET' ? ['public', 'interaction', 'account', 'bearer'] : ['interaction', 'account', 'bearer'];
  expect(allowed).toContain(guard);
});

test.each(namedRoutes)('$name lies under the prefix of its guard', ({ path, guard }) => {
  const prefixes = {
    interaction: /^\/interaction\//,
    account: /^\/account(\/|$)/,
    bearer: /^\/oauth\//,
    public: /^\//,
  };
  expect(path).toMatch(prefixes[guard]);
});

test.each(namedRoutes)('$name responds with a view that exists, a redirect, JSON or text', ({ method, response }) => {
  if (method !== 'GET') expect(['redirect', 'json']).toContain(response);
  else if (!['redirect', 'json', 'text'].includes(response)) expect(existsSync(`views/${response}.pug`)).toBe(true);
});

test('only index.ts creates a router', () => {
  const files = readdirSync('src/web', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const routers = files.filter((name) => /router\.(get|post|put|delete|use|register)\(/.test(read(name)));
  expect(routers).toEqual(['index.ts']);
  const importers = files.filter((name) => read(name).includes("from '@koa/router'"));
  expect(importers).toEqual(['index.ts']);
});

function read(name: string): string {
  return name.endsWith('.test.ts') ? '' : readFileSync(join('src/web', name), 'utf8');
}
