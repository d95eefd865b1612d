/** Calls to URLs of apps: public hosts on https only, with a time-out and a size limit, without following redirects. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createQueue, QueueRefused, type BoundedQueue } from './bounded-queue.ts';
import { allowedHostOf, checkTarget, isPrivateName, OutgoingFailed, toPublic, type Target } from './outgoing-target.ts';
import { createResolver, toLookup, type ResolveHost } from './resolve-host.ts';

export interface OutgoingResponse {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
}

/** HTTP calls to the hosts that one set of rules allows. */
export interface Calls {
  /** @throws OutgoingFailed */
  get(url: string, headers?: Record<string, string>): Promise<OutgoingResponse>;
  /** @throws OutgoingFailed */
  postForm(url: string, form: Record<string, string>): Promise<OutgoingResponse>;
  /**
   * Checks a URL without calling it. A name that cannot be resolved here counts as allowed.
   *
   * @returns the host that OUTGOING_ALLOWED_HOSTS would have to list; undefined when the call may be made
   */
  refusedHost(url: string): Promise<string | undefined>;
}

export interface Outgoing {
  /** For URLs that an operator registered: public hosts, and those of OUTGOING_ALLOWED_HOSTS. */
  toAllowedHosts: Calls;
  /** For URLs that a self-registered client named: public hosts only. */
  toPublicHosts: Calls;
  close(): void;
}

export interface OutgoingOptions {
  /** Hosts that may have private addresses, http and any port, such as `*.localhost`. */
  allowedHosts?: readonly string[];
  resolveHost?: ResolveHost;
}

const limits = { milliseconds: 3_000, bytes: 64 * 1024 };

/** Limits for each host, so that a host that does not respond takes neither sockets nor memory from the others. */
const hostLimits = { concurrency: 10, maxWaiting: 100, maxWaitMilliseconds: 3_000, expectedMilliseconds: 100 };

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.bytes) throw new OutgoingFailed('too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function createOutgoing({ allowedHosts = [], resolveHost = createResolver() }: OutgoingOptions = {}): Outgoing {
  const options = { keepAlive: true, maxSockets: hostLimits.concurrency, timeout: 30_000 };
  // Node's global agents might connect through a proxy of the environment, to addresses that were not checked.
  const agents = [new HttpsAgent(options), new HttpAgent(options)];
  const allowedAgents = [new HttpsAgent(options), new HttpAgent(options)];
  const lookups = { any: toLookup(resolveHost), public: toLookup(toPublic(resolveHost)) };

  /** Runs a call as soon as fewer than ten calls to its host are running. @throws OutgoingFailed `host_busy` */
  async function inTurn<T>(queues: Map<string, BoundedQueue>, host: string, work: () => Promise<T>): Promise<T> {
    const queue = queues.get(host) ?? createQueue(hostLimits);
    queues.set(host, queue);
    try {
      return await queue.run(work);
    } catch (error) {
      if (error instanceof QueueRefused) throw new OutgoingFailed('host_busy', { cause: error });
      throw error;
    } finally {
      if (queue.running + queue.waiting === 0) queues.delete(host);
    }
  }

  async function send(
    { url, isAllowed }: Target,
    request: RequestOptions,
    body: string | undefined,
  ): Promise<OutgoingResponse> {
    const isSecure = url.protocol === 'https:';
    const signal = AbortSignal.timeout(limits.milliseconds);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const outgoing = (isSecure ? httpsRequest : httpRequest)(url, {
          ...request,
          signal,
          agent: (isAllowed ? allowedAgents : agents)[isSecure ? 0 : 1],
          lookup: isAllowed ? lookups.any : lookups.public,
        });
        outgoing.on('response', resolve).on('error', reject).end(body);
      });
      const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
      return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: await readBody(response) };
    } catch (error) {
      if (error instanceof OutgoingFailed) throw error;
      throw new OutgoingFailed(signal.aborted ? 'timeout' : 'unreachable', { cause: error });
    }
  }

  /** @param allowed hosts that may have private addresses, http and any port */
  function callsTo(allowed: readonly string[]): Calls {
    const queues = new Map<string, BoundedQueue>();
    const call = async (url: string, request: RequestOptions, body?: string): Promise<OutgoingResponse> => {
      const target = checkTarget(url, allowed);
      return inTurn(queues, target.url.host, () => send(target, request, body));
    };
    return {
      get: (url, headers = {}) => call(url, { method: 'GET', headers }),
      postForm(url, form) {
        const body = new URLSearchParams(form).toString();
        const headers = {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(body)),
        };
        return call(url, { method: 'POST', headers }, body);
      },
      async refusedHost(url) {
        try {
          const target = checkTarget(url, allowed);
          const isRefused = !target.isAllowed && (await isPrivateName(resolveHost, target.url.hostname));
          return isRefused ? allowedHostOf(url) : undefined;
        } catch (error) {
          if (error instanceof OutgoingFailed) return allowedHostOf(url);
          throw error;
        }
      },
    };
  }

  return {
    toAllowedHosts: callsTo(allowedHosts),
    toPublicHosts: callsTo([]),
    close() {
      for (const agent of [...agents, ...allowedAgents]) agent.destroy();
    },
  };
}
