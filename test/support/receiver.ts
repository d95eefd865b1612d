/** An app's logout endpoint in the hands of a test: takes logout tokens, checks them, and can misbehave. */
import { createServer, type Server } from 'node:http';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { eventually } from './eventually.ts';
import { closeServer, listen } from './listen.ts';

export interface Heard {
  at: number;
  claims: JWTPayload;
  token: string;
}

export interface Receiver {
  /** Where the app takes logout tokens; by a name that browsers and Frontdesk find on this machine. */
  uri: string;
  heard: Heard[];
  /** Every call that came, whatever became of it. */
  calls: number;
  /** The token of every call. */
  tokens: string[];
  /** The status to answer with; 0 is no answer at all. */
  answerWith(status: number | (() => number)): void;
  /** Waits until so many tokens were accepted. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** @param issuer whose tokens it takes, for this client */
export async function startReceiver(issuer: string, clientId: string): Promise<Receiver> {
  const keys = createRemoteJWKSet(new URL('/oauth/jwks', issuer), { cooldownDuration: 100 });
  let status: number | (() => number) = 200;
  let server: Server;
  let port = 0;

  const receiver: Receiver = {
    uri: '',
    heard: [],
    calls: 0,
    tokens: [],
    answerWith: (next) => (status = next),
    async until(count) {
      await eventually(
        () => `${clientId} heard ${receiver.heard.length}`,
        () => receiver.heard.length >= count,
      );
    },
    async start() {
      server = createServer((request, response) => {
        receiver.calls += 1;
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token') ?? '';
          receiver.tokens.push(token);
          const now = typeof status === 'function' ? status() : status;
          if (now === 0) return;
          // A redirect leads back here, where whoever followed it would be counted.
          if (now !== 200) return void response.writeHead(now, { location: receiver.uri }).end();
          jwtVerify(token, keys, { issuer, audience: clientId, typ: 'logout+jwt' }).then(
            ({ payload }) => {
              receiver.heard.push({ at: Date.now(), claims: payload, token });
              return response.writeHead(200).end();
            },
            (error: Error) => response.writeHead(400).end(error.message),
          );
        });
      });
      port = await listen(server, port);
      receiver.uri = `http://${clientId}.localhost:${port}/logout`;
    },
    stop: () => closeServer(server),
  };
  await receiver.start();
  return receiver;
}
