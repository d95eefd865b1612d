/** What an interop run found, as a table and the reasons below it. */
import { table } from '../../src/commands/command.ts';

/** `unseen`: an earlier step failed. */
export type Finding = 'yes' | 'NO' | 'app only' | 'not offered' | 'unseen';

export interface Row {
  client: string;
  version: string;
  signIn: Finding;
  nameAndEmail: Finding;
  recognised: Finding;
  signOut: Finding;
  /** One for each NO. */
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
  !isSkipped(result) && findings(result).some((finding) => finding === 'NO' || finding === 'unseen');

const cells = (result: Result): string[] =>
  isSkipped(result)
    ? [result.client, 'not installed', ...Array.from({ length: 4 }, () => 'skipped')]
    : [result.client, result.version, ...findings(result)];

function counts(results: Result[]): string {
  const skipped = results.filter(isSkipped).length;
  const failed = results.filter(isFailed).length;
  return `${results.length - failed - skipped} work, ${failed} do not, ${skipped} skipped`;
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
