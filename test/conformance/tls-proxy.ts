/** A TLS-terminating reverse proxy in front of an http server on this machine. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:https';
import type { Certificates } from '../support/certificate.ts';

export interface TlsProxy {
  close(): Promise<void>;
}

export async function startTlsProxy(
  { chain, key }: Certificates,
  listen: { host: string; port: number },
  upstreamPort: number,
): Promise<TlsProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ cert: chain, key }, (incoming, outgoing) => {
    const headers = {
      ...incoming.headers,
      'x-forwarded-for': incoming.socket.remoteAddress ?? '',
      'x-forwarded-proto': 'https',
    };
    const { method, url: path } = incoming;
    const forwarded = request({ host: '127.0.0.1', port: upstreamPort, method, path, headers, agent });
    forwarded.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    });
    incoming.pipe(forwarded);
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
