/** The log: one JSON line per event, secrets blanked. */
import { pino, stdTimeFunctions, type Logger } from 'pino';

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

/** @param to where the lines go; standard output unless a test wants to read them */
export function createLog(level: LogLevel, to?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secret.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[secret]' },
  };
  return to ? pino(options, to) : pino(options);
}
