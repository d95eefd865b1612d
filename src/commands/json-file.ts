/** Reads a file with one JSON object, as several commands take it. */
import { readFileSync } from 'node:fs';
import { UsageError } from './command.ts';

/** @throws UsageError when it cannot be read or holds anything else */
export function readJsonFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${path} must hold one JSON object`);
  }
  return value as Record<string, unknown>;
}
