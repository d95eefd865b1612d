/** A load balancer at the issuer's address: passes each request to the next process that is up. */
import { createServer, request as send, Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';

/** What became of a request. */
export interface Passed {
  method: string;
  path: string;
  /** The process that it was passed to; undefined when none was up. */
  port: number | undefined;
  /** 0 when the connection to the process broke before a response. */
  status: number;
  milliseconds: number;
  /** Of a response with a status of 500 and above, or why the connection broke. */
  text: string;
}

export interface LoadBalancerOptions {
  /** How often a request is sent to the next process when the connection to one breaks. */
  retries?: number;
  /** After this time without a response the connection to a process is broken. */
  timeoutMilliseconds?: number;
  onPassed?: (passed: Passed) => void;
}

export interface LoadBalancer {
  /** How often each client, by the first word of its user agent, asked for the keys. */
  readonly keyFetches: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** @param ports of the processes that are up now */
export async function startLoadBalancer(
  port: number,
  ports: () => number[],
  { retries = 3, timeoutMilliseconds = 60_000, onPassed = () => {} }: LoadBalancerOptions = {},
): Promise<LoadBalancer> {
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
    const to = up[turn % up.length];
    const begin = performance.now();
    const { url: path = '', method = '', headers } = incoming;
    const report = (status: number, text: string) =>
      onPassed({ method, path, port: to, status, milliseconds: performance.now() - begin, text });
    if (to === undefined) {
      report(503, 'no process is up');
      return void outgoing.writeHead(503, { 'retry-after': '1' }).end();
    }
    const onward = send({ agent, host: '127.0.0.1', port: to, path, method, headers });
    onward.setTimeout(timeoutMilliseconds, () => onward.destroy(new Error('no response in time')));
    onward.on('response', (response) => {
      const status = response.statusCode!;
      const chunks: Buffer[] = [];
      if (status >= 500) response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => report(status, Buffer.concat(chunks).toString()));
      response.once('aborted', () => {
        report(0, 'the response broke off');
        outgoing.destroy();
      });
      outgoing.writeHead(status, response.headers);
      response.pipe(outgoing);
    });
    onward.on('error', (error: Error) => {
      // A response that broke off is reported already.
      if (outgoing.headersSent) return void outgoing.destroy();
      if (triesLeft > 0) return pass(incoming, outgoing, body, triesLeft - 1);
      report(0, error.message);
      return void outgoing.writeHead(502).end();
    });
    onward.end(body);
  }

  const server = createServer((incoming, outgoing) => {
    note(incoming);
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => pass(incoming, outgoing, Buffer.concat(chunks), retries));
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
