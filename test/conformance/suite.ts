/** A client of the suite's REST API, for what a run needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const planResponse = z.object({
  id: z.string(),
  modules: z.array(z.object({ testModule: z.string(), variant: z.record(z.string(), z.string()).nullish() })),
});
const infoResponse = z.object({ status: z.string(), result: z.string().nullish() });
const runnerResponse = z.object({
  updated: z.string(),
  browser: z.object({ urls: z.array(z.string()) }).optional(),
});
const logEntry = z.looseObject({
  src: z.string().optional(),
  msg: z.string().optional(),
  result: z.string().optional(),
});

export interface SuiteModule {
  name: string;
  variant: Record<string, string>;
}
/** One line of a module's log; `src` is the condition that wrote it. */
export type LogEntry = z.output<typeof logEntry>;

export interface Suite {
  /** Its origin. */
  url: string;
  version(): Promise<string>;
  createPlan(
    name: string,
    variant: Record<string, string>,
    configuration: object,
  ): Promise<{ id: string; modules: SuiteModule[] }>;
  /** Creates a run of a module, which starts at once, or waits for `start`. @returns its id */
  createModule(plan: string, module: SuiteModule): Promise<string>;
  /** Starts a run that is in the state CONFIGURED. */
  start(run: string): Promise<void>;
  info(run: string): Promise<z.output<typeof infoResponse>>;
  /** When the state of a run last changed, and the pages that wait to be opened; undefined when it has finished. */
  live(run: string): Promise<{ updated: string; pages: string[] } | undefined>;
  log(run: string): Promise<LogEntry[]>;
  cancel(run: string): Promise<void>;
  /** @returns the results as pages in a zip archive */
  exportPages(plan: string): Promise<Uint8Array>;
}

/** The suite refused a request, or did not respond. */
export class SuiteFailed extends Error {
  override readonly name = 'SuiteFailed';
}

const requestMilliseconds = 60_000;
/** Reads are repeated, since the suite sometimes responds 500 while it writes. */
const maxReads = 5;
const retryMilliseconds = 300;

/** @param token API token of a suite that authenticates callers; a local suite in developer mode needs none */
export function connectSuite(url: string, token: string | undefined): Suite {
  async function request(method: string, path: string, query: Record<string, string> = {}, body?: object) {
    const target = new URL(`${url}/api/${path}`);
    for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
    try {
      return await fetch(target, {
        method,
        headers: {
          Accept: 'application/json, application/zip',
          'Content-Type': 'application/json',
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        },
        signal: AbortSignal.timeout(requestMilliseconds),
        ...(body && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
      const reason = cause?.code ?? cause?.message ?? (error as Error).message;
      throw new SuiteFailed(`${method} ${target.href}: ${reason}`, { cause: error });
    }
  }

  /** Repeats a GET after a response of 500 and above. */
  async function call(method: string, path: string, query?: Record<string, string>, body?: object) {
    for (let attempts = 1; ; attempts++) {
      const response = await request(method, path, query, body);
      if (response.ok || response.status === 404) return response;
      const reason = (await response.text()).slice(0, 300);
      if (method !== 'GET' || response.status < 500 || attempts >= maxReads) {
        throw new SuiteFailed(`${method} ${response.url}: ${response.status} ${reason}`);
      }
      await sleep(retryMilliseconds);
    }
  }

  async function read<Shape extends z.ZodType>(schema: Shape, response: Response): Promise<z.output<Shape>> {
    const text = await response.text();
    if (!response.ok) throw new SuiteFailed(`${response.url}: ${response.status} ${text.slice(0, 300)}`);
    return schema.parse(JSON.parse(text));
  }

  return {
    url,
    version: async () => (await read(z.object({ version: z.string() }), await call('GET', 'server'))).version,
    async createPlan(name, variant, configuration) {
      const query = { planName: name, variant: JSON.stringify(variant) };
      const { id, modules } = await read(planResponse, await call('POST', 'plan', query, configuration));
      return { id, modules: modules.map((module) => ({ name: module.testModule, variant: module.variant ?? {} })) };
    },
    async createModule(plan, { name, variant }) {
      const query = { plan, test: name, variant: JSON.stringify(variant) };
      return (await read(z.object({ id: z.string() }), await call('POST', 'runner', query))).id;
    },
    start: async (run) => void (await read(z.unknown(), await call('POST', `runner/${run}`))),
    info: async (run) => read(infoResponse, await call('GET', `info/${run}`)),
    async live(run) {
      const response = await call('GET', `runner/${run}`);
      if (!response.ok) return undefined;
      const { updated, browser } = runnerResponse.parse(await response.json());
      return { updated, pages: browser?.urls ?? [] };
    },
    log: async (run) => read(z.array(logEntry), await call('GET', `log/${run}`)),
    cancel: async (run) => void (await call('DELETE', `runner/${run}`)),
    async exportPages(plan) {
      const response = await call('GET', `plan/exporthtml/${plan}`);
      if (!response.ok) throw new SuiteFailed(`${response.url}: not found`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
