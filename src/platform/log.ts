/** The log: one JSON line per event, secrets blanked. */
import { pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';

export type Log = Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

// Names under which a secret might reach the log by mistake, at the top or one level down.
const secret = [
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
 * Nothing but what names the error: PostgreSQL's `detail` and `where` quote the values of the statement, and so what
 * somebody sent. Messages and stacks of causes are in those of the error.
 */
function describeError(error: Error): object {
  const { type, message, stack, code } = stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { errorCode: String(code) }) };
}

/** @param to where the lines go; standard output unless a test wants to read them */
export function createLog(level: LogLevel, to?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secret.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[secret]' },
  };
  return to ? pino(options, to) : pino(options);
}
