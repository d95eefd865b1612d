/** What stands behind a proxy that signs people in: a page that shows what the proxy says of the person. */
import { createServer } from 'node:http';

const { UPSTREAM_PORT, SIGN_OUT } = process.env as Record<string, string>;
const isOfPerson = /^(oidc_claim_|x-forwarded-|x-vouch-)(name|email|user|preferred)/;

createServer(({ headers }, response) => {
  const told = Object.entries(headers).filter(([name]) => isOfPerson.test(name));
  const words = told.map(([name, value]) => `${name}: ${String(value)}`).join(', ');
  response.setHeader('Content-Type', 'text/html');
  response.end(told.length > 0 ? `<h1>Signed in</h1> ${words} <a href="${SIGN_OUT}">Sign out</a>` : 'Nobody is here');
}).listen(Number(UPSTREAM_PORT), '127.0.0.1');
