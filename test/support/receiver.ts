/** The back-channel logout endpoint of an app, which verifies logout tokens; a test can make it fail. */
import { createServer, type Server } from 'node:http';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { eventually } from './eventually.ts';
import { closeServer, listen } from './listen.ts';

export interface ReceivedToken {
  at: number;
  claims: JWTPayload;
  token: string;
}

export interface Receiver {
  /** Its URL, on a `.localhost` host. */
  uri: string;
  /** The tokens it accepted. */
  received: ReceivedToken[];
  /** How many requests came. */
  calls: number;
  /** The token of every request. */
  tokens: string[];
  /** Sets the status of its responses; with 0 it never responds. */
  answerWith(status: number | (() => number)): void;
  /** Waits until this many tokens were accepted. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** @param issuer of the tokens it accepts for the client */
export async function startReceiver(issuer: string, clientId: string): Promise<Receiver> {
  const keys = createRemoteJWKSet(new URL('/oauth/jwks', issuer), { cooldownDuration: 100 });
  let status: number | (() => number) = 200;
  let server: Server;
  let port = 0;

  const receiver: Receiver = {
    uri: '',
    received: [],
    calls: 0,
    tokens: [],
    answerWith: (next) => (status = next),
    async until(count) {
      await eventually(
        () => `${clientId} received ${receiver.received.length}`,
        () => receiver.received.length >= count,
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
          // A redirect leads to this endpoint, so a client that follows it sends a request that is counted.
          if (now !== 200) return void response.writeHead(now, { location: receiver.uri }).end();
          jwtVerify(token, keys, { issuer, audience: clientId, typ: 'logout+jwt' }).then(
            ({ payload }) => {
              receiver.received.push({ at: Date.now(), claims: payload, token });
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
