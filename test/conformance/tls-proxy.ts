/** A TLS-terminating reverse proxy in front of an http server on this machine. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:https';
import type { Certificates } from '../support/certificate.ts';

export interface TlsFront {
  close(): Promise<void>;
}

export async function startTlsFront(
  { chain, key }: Certificates,
  listen: { host: string; port: number },
  upstreamPort: number,
): Promise<TlsFront> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ cert: chain, key }, (incoming, answer) => {
    const headers = {
      ...incoming.headers,
      'x-forwarded-for': incoming.socket.remoteAddress ?? '',
      'x-forwarded-proto': 'https',
    };
    const { method, url: path } = incoming;
    const outgoing = request({ host: '127.0.0.1', port: upstreamPort, method, path, headers, agent });
    outgoing.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    outgoing.on('error', () => {
      if (!answer.headersSent) answer.writeHead(502);
      answer.end();
    });
    incoming.pipe(outgoing);
  });
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  return {
    async close() {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
