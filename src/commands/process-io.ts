/** The terminal and the environment of this process. */
import { processEnvironment } from '../config.ts';
import type { Io } from './command.ts';

export const processIo: Io = {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  environment: processEnvironment,
};
