/** Requests of a bench over a few connections that stay open, as those of a reverse proxy do. */
import { Agent, request as send, type IncomingHttpHeaders } from 'node:http';

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface HttpClient {
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Reply>;
  sendJson(method: string, path: string, content: object, headers?: Record<string, string>): Promise<Reply>;
  close(): void;
}

/**
 * Sends requests to 127.0.0.1. Instead of a path they may have an `http://host:port/path`, for another host and port.
 *
 * @param host for the Host header
 */
export function createHttpClient(host: string, port: number, maxConnections: number): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });

  function call(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const url = path.startsWith('http://') ? new URL(path) : undefined;
      const options = {
        agent,
        method,
        host: '127.0.0.1',
        port: url?.port ?? port,
        path: url ? `${url.pathname}${url.search}` : path,
        headers: { host: url?.host ?? host, ...headers },
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
      const ownHeaders = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
      return call('POST', path, { ...ownHeaders, ...headers }, body);
    },
    sendJson(method, path, content, headers = {}) {
      const body = JSON.stringify(content);
      const ownHeaders = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
      return call(method, path, { ...ownHeaders, ...headers }, body);
    },
    close: () => agent.destroy(),
  };
}
