/** The log: one JSON line per event, with secrets replaced. */
import { pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';
import { databaseTroubleOf } from './database-errors.ts';

export type Log = Logger;
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

/** @param to where the lines are written; standard output by default */
export function createLog(level: LogLevel, to?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }), log: withDatabaseTrouble },
    redact: { paths: secretNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[secret]' },
  };
  return to ? pino(options, to) : pino(options);
}
