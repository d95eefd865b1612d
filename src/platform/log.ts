/** The log: one JSON line per event, with secrets replaced. */
import { destination, pino, stdSerializers, stdTimeFunctions, type Logger, type LoggerOptions } from 'pino';
import { databaseTroubleOf } from './database-errors.ts';

/** An event that is logged for each request. No member may hold a secret: none is replaced. */
export interface RequestEvent {
  requestId: string;
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  ip: string;
}

export interface Log extends Logger {
  /** Logs a request. Its line may wait for 50 ms, to be written together with others. */
  request(this: void, event: RequestEvent): void;
}
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

// Members that may hold a secret. They are redacted in an event and in its objects, one level deep.
const secretNames = [
  'authorization',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  'id_token_hint',
  'logout_token',
  'password',
  'refresh_token',
  'secret',
  'set-cookie',
  'token',
];

/**
 * The type, message, stack and code of an error. Its other members are left out: `detail` and `where` of PostgreSQL
 * quote values that somebody sent. pino appends the messages and stacks of the causes.
 */
function describeError(error: Error): object {
  const { type, message, stack, code } = stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { errorCode: String(code) }) };
}

/** Names the trouble of the database in the event of an error that it caused. */
function withDatabaseTrouble(event: Record<string, unknown>): Record<string, unknown> {
  const database = databaseTroubleOf(event['err']);
  return database === undefined ? event : { ...event, database };
}

const requestWaitMilliseconds = 50;
/** Linux writes up to 4 KB to a pipe as a whole; several processes may share it. A line has about 200 characters. */
const maxWaitingCharacters = 2 * 1024;

interface Target {
  write(line: string): void;
  flushSync?(): void;
}

/** Standard output. What waits is written when the process ends, also by an error; lost when it is killed. */
function openStandardOutput(): Target {
  const output = destination({
    fd: 1,
    sync: true,
    minLength: maxWaitingCharacters,
    periodicFlush: requestWaitMilliseconds,
  });
  process.once('exit', () => output.flushSync());
  return output;
}

/** @param to where the lines are written; standard output by default */
export function createLog(level: LogLevel, to: Target = openStandardOutput()): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }), log: withDatabaseTrouble },
    redact: { paths: secretNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[secret]' },
    hooks: {
      // Only lines of requests wait.
      logMethod(args, method) {
        method.apply(this, args);
        to.flushSync?.();
      },
    },
  };
  const log = pino(options, to);
  const isEnabled = log.isLevelEnabled('info');
  return Object.assign(log, {
    request(event: RequestEvent) {
      if (!isEnabled) return;
      const { requestId, method, path, status, milliseconds, ip } = event;
      const time = new Date().toISOString();
      const line = { level: 'info', time, requestId, method, path, status, milliseconds, ip, msg: 'request' };
      to.write(`${JSON.stringify(line)}\n`);
    },
  });
}
