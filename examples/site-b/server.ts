/** Serves site B's files and its settings. Signing in happens in the browser (`public/app.js`). */
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { ISSUER, SITE_URL, CLIENT_ID, API_AUDIENCE, API_URLS, PORT } = process.env as Record<string, string>;
const apis = API_URLS!.split(' ');

const readPublicFile = (name: string) => readFileSync(join(import.meta.dirname, 'public', name));
const library = createRequire(import.meta.url).resolve('oidc-client-ts');
const settings = { issuer: ISSUER, clientId: CLIENT_ID, audience: API_AUDIENCE, apis };

const files: Record<string, { type: string; body: Buffer | string }> = {
  '/': { type: 'text/html', body: readPublicFile('index.html') },
  '/app.js': { type: 'text/javascript', body: readPublicFile('app.js') },
  '/style.css': { type: 'text/css', body: readPublicFile('style.css') },
  '/oidc-client-ts.js': {
    type: 'text/javascript',
    body: readFileSync(join(dirname(library), '../browser/oidc-client-ts.min.js')),
  },
  '/settings.json': { type: 'application/json', body: JSON.stringify(settings) },
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  `connect-src 'self' ${ISSUER} ${apis.join(' ')}`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', SITE_URL);
  // The redirect URI shows the same page; its script reads the authorization response.
  const file = files[pathname === '/callback' ? '/' : pathname];
  if (!file) return response.writeHead(404).end();
  return response
    .writeHead(200, {
      'Content-Type': `${file.type}; charset=utf-8`,
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(file.body);
}).listen(Number(PORT), '127.0.0.1', () => console.log(`site-b is at ${SITE_URL}`));
