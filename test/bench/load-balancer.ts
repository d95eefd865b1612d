/** A load balancer at the issuer's address: passes each request to the next process that is up. */
import { createServer, request as send, Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';

export interface LoadBalancer {
  /** How often each client, by the first word of its user agent, asked for the keys. */
  readonly keyFetches: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** @param ports of the processes that are up now; a request that finds one gone goes to the next */
export async function startLoadBalancer(port: number, ports: () => number[]): Promise<LoadBalancer> {
  const agent = new Agent({ keepAlive: true });
  const keyFetches = new Map<string, number>();
  let turn = 0;

  function note({ url, headers }: IncomingMessage): void {
    if (url !== '/oauth/jwks') return;
    const who = headers['user-agent']?.split('/')[0] ?? '';
    keyFetches.set(who, (keyFetches.get(who) ?? 0) + 1);
  }

  function pass(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer, triesLeft: number): void {
    const up = ports();
    turn += 1;
    const { url: path, method, headers } = incoming;
    const onward = send({ agent, host: '127.0.0.1', port: up[turn % up.length], path, method, headers });
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode!, response.headers);
      response.pipe(outgoing);
    });
    onward.on('error', () => {
      if (outgoing.headersSent) return void outgoing.destroy();
      if (triesLeft > 0) return pass(incoming, outgoing, body, triesLeft - 1);
      return void outgoing.writeHead(502).end();
    });
    onward.end(body);
  }

  const server = createServer((incoming, outgoing) => {
    note(incoming);
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => pass(incoming, outgoing, Buffer.concat(chunks), 3));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    keyFetches,
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
