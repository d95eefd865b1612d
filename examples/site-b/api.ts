/**
 * An API of site B. It verifies JWT access tokens with Frontdesk's public keys and stores nothing, so any number of
 * processes accept the same token.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';

const { ISSUER, API_NAME, API_AUDIENCE, SITE_ORIGIN, PORT } = process.env as Record<string, string>;

// Fetched when a token names an unknown key, then cached: Frontdesk is not called for each token.
const keys = createRemoteJWKSet(new URL('/oauth/jwks', ISSUER), { cooldownDuration: 30_000 });

/** Required values of an access token for this API (RFC 9068 §4). */
const expected = { issuer: ISSUER!, audience: API_AUDIENCE!, typ: 'at+jwt', algorithms: ['ES256'] };

/** Codes of the errors of a key set that cannot be fetched. */
const fetchErrorCodes = new Set([errors.JOSEError.code, errors.JWKSTimeout.code]);

class Refused extends Error {
  readonly status: number;
  readonly challenge: string;
  constructor(status: number, error: string) {
    super(error);
    this.status = status;
    this.challenge = `Bearer error="${error}"`;
  }
}

async function readToken(request: IncomingMessage): Promise<JWTPayload> {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || !token) throw new Refused(401, 'invalid_request');
  try {
    const { payload } = await jwtVerify(token, keys, expected);
    return payload;
  } catch (error) {
    // A token that does not verify is the caller's fault (401), keys that cannot be fetched are not (503).
    if (error instanceof errors.JOSEError && !fetchErrorCodes.has(error.code)) throw new Refused(401, 'invalid_token');
    console.error(error);
    throw new Refused(503, 'temporarily_unavailable');
  }
}

function requireScope({ scope }: JWTPayload, needed: string): void {
  if (!String(scope).split(' ').includes(needed)) throw new Refused(403, 'insufficient_scope');
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Only pages of site B may call this API. Tokens come in a header, so CORS need not allow credentials.
  response.setHeader('Access-Control-Allow-Origin', SITE_ORIGIN!);
  response.setHeader('Vary', 'Origin');
  if (request.method === 'OPTIONS') {
    response.writeHead(204, { 'Access-Control-Allow-Headers': 'authorization', 'Access-Control-Max-Age': '600' }).end();
    return;
  }
  const token = await readToken(request);
  requireScope(token, 'notes:read');
  const notes = [
    `${API_NAME} verified the access token without calling Frontdesk.`,
    `It expires at ${new Date(token.exp! * 1000).toISOString()}.`,
  ];
  const body = { api: API_NAME, subject: token.sub, client: token['client_id'], session: token['sid'], notes };
  response
    .writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(body));
}

createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    const refused = error instanceof Refused ? error : undefined;
    if (!refused) console.error(error);
    if (refused) response.setHeader('WWW-Authenticate', refused.challenge);
    response.writeHead(refused?.status ?? 500, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ error: refused?.message ?? 'server_error' }));
  });
}).listen(Number(PORT), '127.0.0.1', () => console.log(`${API_NAME} is on port ${PORT}`));
