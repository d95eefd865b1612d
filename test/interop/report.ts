/** Prints the results of an interop run: a table, and the reasons of failures below it. */
import { table } from '../../src/commands/command.ts';

/** `not reached`: an earlier step failed. */
export type Finding = 'yes' | 'NO' | 'app only' | 'not offered' | 'not reached';

export interface Row {
  client: string;
  version: string;
  signIn: Finding;
  nameAndEmail: Finding;
  recognised: Finding;
  signOut: Finding;
  /** Why steps failed. */
  reasons: string[];
}

export interface Skipped {
  client: string;
  /** Why it could not be installed. */
  notInstalled: string;
}

export type Result = Row | Skipped;

export const isSkipped = (result: Result): result is Skipped => 'notInstalled' in result;

const findings = ({ signIn, nameAndEmail, recognised, signOut }: Row): Finding[] => [
  signIn,
  nameAndEmail,
  recognised,
  signOut,
];

export const isFailed = (result: Result): boolean =>
  !isSkipped(result) && findings(result).some((finding) => finding === 'NO' || finding === 'not reached');

const cells = (result: Result): string[] =>
  isSkipped(result)
    ? [result.client, 'not installed', ...Array.from({ length: 4 }, () => 'skipped')]
    : [result.client, result.version, ...findings(result)];

function counts(results: Result[]): string {
  const skipped = results.filter(isSkipped).length;
  const failed = results.filter(isFailed).length;
  return `${results.length - failed - skipped} work, ${failed} fail, ${skipped} skipped`;
}

export function format(results: Result[]): string {
  const head = ['client', 'version', 'sign-in', 'name and e-mail', 'recognised', 'sign-out'];
  const reasons = results.flatMap((result) =>
    isSkipped(result)
      ? [`${result.client}: ${result.notInstalled}`]
      : result.reasons.map((reason) => `${result.client}: ${reason}`),
  );
  const parts = [table(head, results.map(cells)), reasons.join('\n\n'), counts(results)];
  return parts.filter((part) => part !== '').join('\n\n');
}
