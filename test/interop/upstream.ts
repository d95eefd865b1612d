/** The application behind a proxy that signs people in: a page with the headers in which the proxy sends the claims. */
import { createServer } from 'node:http';

const { UPSTREAM_PORT, SIGN_OUT } = process.env as Record<string, string>;
const claimHeaders = /^(oidc_claim_|x-forwarded-|x-vouch-)(name|email|user|preferred)/;

createServer(({ headers }, response) => {
  const claims = Object.entries(headers).filter(([name]) => claimHeaders.test(name));
  const words = claims.map(([name, value]) => `${name}: ${String(value)}`).join(', ');
  response.setHeader('Content-Type', 'text/html');
  response.end(claims.length > 0 ? `<h1>Signed in</h1> ${words} <a href="${SIGN_OUT}">Sign out</a>` : 'Not signed in');
}).listen(Number(UPSTREAM_PORT), '127.0.0.1');
