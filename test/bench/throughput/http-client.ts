/** Requests of a bench over a few connections that stay open, as a proxy has them. */
import { Agent, request as send, type IncomingHttpHeaders } from 'node:http';

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface HttpClient {
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Reply>;
  /** Sends JSON. */
  send(method: string, path: string, content: object, headers?: Record<string, string>): Promise<Reply>;
  close(): void;
}

/**
 * A path may be a whole `http://host:port/path`, for another port of this machine.
 *
 * @param host that the requests name
 * @param port of this machine
 * @param connections number of them
 */
export function createHttpClient(host: string, port: number, connections: number): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  function call(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const other = path.startsWith('http://') ? new URL(path) : undefined;
      const options = {
        agent,
        method,
        host: '127.0.0.1',
        port: other?.port ?? port,
        path: other ? `${other.pathname}${other.search}` : path,
        headers: { host: other?.host ?? host, ...headers },
      };
      const request = send(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode, headers: received } = response;
          resolve({ status: statusCode ?? 0, headers: received, body: Buffer.concat(chunks).toString() });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  return {
    get: (path, headers = {}) => call('GET', path, headers),
    post(path, form, headers = {}) {
      const body = new URLSearchParams(form).toString();
      const own = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
      return call('POST', path, { ...own, ...headers }, body);
    },
    send(method, path, content, headers = {}) {
      const body = JSON.stringify(content);
      const own = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
      return call(method, path, { ...own, ...headers }, body);
    },
    close: () => agent.destroy(),
  };
}
