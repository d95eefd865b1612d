/** A load balancer at the issuer's address: forwards requests to the processes in turn. */
import { createServer, request as send, Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';

/** A request that was forwarded, and its response. */
export interface ForwardedRequest {
  method: string;
  path: string;
  /** Port of the process; undefined when there was none. */
  port: number | undefined;
  /** 0 when the connection to the process broke before the response was complete. */
  status: number;
  milliseconds: number;
  /** Body of a response with a status of 500 and above, or why the connection broke; otherwise empty. */
  text: string;
}

export interface LoadBalancerOptions {
  /** How often a request is repeated, at the next process, when the connection breaks before a response. */
  retries?: number;
  /** After this time without a response the connection is closed. */
  timeoutMilliseconds?: number;
  onForwarded?: (forwarded: ForwardedRequest) => void;
}

export interface LoadBalancer {
  /** First word of the user agent → requests for the keys. */
  readonly keyFetches: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** @param ports returns the ports of the processes that get requests now */
export async function startLoadBalancer(
  port: number,
  ports: () => number[],
  { retries = 3, timeoutMilliseconds = 60_000, onForwarded = () => {} }: LoadBalancerOptions = {},
): Promise<LoadBalancer> {
  const agent = new Agent({ keepAlive: true });
  const keyFetches = new Map<string, number>();
  let turn = 0;

  function countKeyFetch({ url, headers }: IncomingMessage): void {
    if (url !== '/oauth/jwks') return;
    const client = headers['user-agent']?.split('/')[0] ?? '';
    keyFetches.set(client, (keyFetches.get(client) ?? 0) + 1);
  }

  function forward(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer, retriesLeft: number): void {
    const candidates = ports();
    turn += 1;
    const to = candidates[turn % candidates.length];
    const begin = performance.now();
    const { url: path = '', method = '', headers } = incoming;
    const report = (status: number, text: string) =>
      onForwarded({ method, path, port: to, status, milliseconds: performance.now() - begin, text });
    if (to === undefined) {
      report(503, 'there is no process');
      return void outgoing.writeHead(503, { 'retry-after': '1' }).end();
    }
    const forwarded = send({ agent, host: '127.0.0.1', port: to, path, method, headers });
    forwarded.setTimeout(timeoutMilliseconds, () => forwarded.destroy(new Error('no response in time')));
    forwarded.on('response', (response) => {
      const status = response.statusCode!;
      const chunks: Buffer[] = [];
      if (status >= 500) response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => report(status, Buffer.concat(chunks).toString()));
      response.once('aborted', () => {
        report(0, 'the response is incomplete');
        outgoing.destroy();
      });
      outgoing.writeHead(status, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', (error: Error) => {
      // An incomplete response was reported by `aborted`.
      if (outgoing.headersSent) return void outgoing.destroy();
      if (retriesLeft > 0) return forward(incoming, outgoing, body, retriesLeft - 1);
      report(0, error.message);
      return void outgoing.writeHead(502).end();
    });
    forwarded.end(body);
  }

  const server = createServer((incoming, outgoing) => {
    countKeyFetch(incoming);
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => forward(incoming, outgoing, Buffer.concat(chunks), retries));
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
