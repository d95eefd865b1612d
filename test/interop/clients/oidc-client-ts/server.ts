/** Serves the page of a single-page app, and the library's build for browsers. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const { ISSUER, CLIENT_ID, URL: site, PORT, LIBRARY } = process.env as Record<string, string>;
const settings = {
  authority: ISSUER,
  client_id: CLIENT_ID,
  redirect_uri: `${site}/`,
  post_logout_redirect_uri: `${site}/`,
  scope: 'openid profile email',
};
const page = `<!doctype html><title>A single-page app</title><main></main>
<script src="/library.js"></script><script type="module" src="/page.js"></script>`;

const files: Record<string, [type: string, text: string]> = {
  '/': ['text/html', page],
  '/page.js': ['text/javascript', readFileSync(join(import.meta.dirname, 'page.js'), 'utf8')],
  '/library.js': ['text/javascript', readFileSync(LIBRARY!, 'utf8')],
  '/settings.json': ['application/json', JSON.stringify(settings)],
};

createServer((request, response) => {
  const [type, text] = files[new URL(request.url!, site).pathname] ?? [];
  response.writeHead(type === undefined ? 404 : 200, { 'Content-Type': type ?? 'text/plain' }).end(text);
}).listen(Number(PORT), 'localhost');
