/**
 * An API on plain node:http, whose requests carry a bearer token. Only the check of the token differs (`CHECK`). A process
 * of its own; prints a line when it listens.
 */
import { createHash } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import pg from 'pg';
import { checks, type CheckName } from './checks.ts';

const { PORT, CHECK, ISSUER = '', AUDIENCE = '', CLIENT = '', INTROSPECTION_PORT, DATABASE_URL } = process.env;

/** @returns the account, or undefined when the token is not valid */
type Check = (token: string) => Promise<string | undefined>;

/** The keys are fetched once, and then are in memory. */
function verifyJwt(): Check {
  const keys = createRemoteJWKSet(new URL(`${ISSUER}/oauth/jwks`));
  const options = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt' };
  return async (token) => (await jwtVerify(token, keys, options)).payload.sub;
}

/** A table of the API's own, with the digests of session ids. */
function lookUpSession(): Check {
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
  const text = 'select account from api_sessions where digest = $1 and expires_at > now()';
  return async (token) => {
    const digest = createHash('sha256').update(token).digest();
    const { rows } = await pool.query<{ account: string }>({ name: 'session', text, values: [digest] });
    return rows[0]?.account;
  };
}

/** RFC 7662, over connections that stay open; nothing is cached, so that an end counts at once. */
function introspect(): Check {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const headers = {
    host: new URL(ISSUER).host,
    authorization: `Basic ${Buffer.from(CLIENT).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const options = {
    agent,
    method: 'POST',
    host: '127.0.0.1',
    port: INTROSPECTION_PORT,
    path: '/oauth/introspect',
    headers,
  };
  return (token) =>
    new Promise((resolve, reject) => {
      const call = request(options, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200) return reject(new Error(`introspection: ${response.statusCode} ${body}`));
          const { active, sub } = JSON.parse(body) as { active: boolean; sub?: string };
          return resolve(active ? sub : undefined);
        });
      });
      call.on('error', reject);
      call.end(new URLSearchParams({ token }).toString());
    });
}

const byName: Record<CheckName, () => Check> = {
  none: () => async () => 'anybody',
  jwt: verifyJwt,
  session: lookUpSession,
  introspection: introspect,
};
const name = checks.find((each) => each === CHECK);
if (!name) throw new Error(`CHECK is one of ${checks.join(', ')}`);
const check = byName[name]();

createServer((incoming, response) => {
  const token = incoming.headers.authorization?.replace(/^Bearer /, '') ?? '';
  const answer = (status: number, content: object) => {
    const body = JSON.stringify(content);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };
  check(token).then(
    (account) => (account === undefined ? answer(401, {}) : answer(200, { account, notes: ['buy milk'] })),
    (error: Error) => answer(401, { error: error.message }),
  );
}).listen(Number(PORT), '127.0.0.1', () => process.stdout.write('ready\n'));
