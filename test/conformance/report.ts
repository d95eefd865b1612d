/** Compares the results of a profile with the expected ones, and prints them. */
import { table } from '../../src/commands/command.ts';
import { expectationOf, outcomes, type Outcome, type Profile } from './profile.ts';
import { labelOf, type ModuleResult } from './run-plan.ts';

export interface JudgedModule extends ModuleResult {
  expected: Outcome;
  /** Why it has not passed; undefined for a module that passed as expected. */
  reason: string | undefined;
}

export interface Judgement {
  modules: JudgedModule[];
  /** A line for each unexpected result, including better ones. */
  unexpected: string[];
}

/** @param isComplete whether all modules of the plan were run */
export function judge(profile: Profile, results: readonly ModuleResult[], isComplete = true): Judgement {
  const modules = results.map((module): JudgedModule => {
    const { result: expected, reason } = expectationOf(profile, module.name);
    const findings = module.findings.join('; ') || 'the suite gives no reason';
    return { ...module, expected, reason: module.result === expected ? reason : findings };
  });
  const unexpected = modules
    .filter(({ result, expected }) => result !== expected)
    .map((module) => `${labelOf(module)}: ${module.result}, not ${module.expected}: ${module.reason}`);
  if (isComplete && results.length !== profile.modules) {
    unexpected.push(`the plan has ${results.length} modules, not ${profile.modules}: the suite has changed`);
  }
  return { modules, unexpected };
}

export type Counts = Record<Outcome, number>;

export const countOf = (modules: readonly { result: Outcome }[]): Counts =>
  Object.fromEntries(
    outcomes.map((outcome) => [outcome, modules.filter(({ result }) => result === outcome).length]),
  ) as Counts;

/** For the terminal: the counts of each profile, all modules that did not pass, and what was unexpected. */
export function summaryOf(judged: readonly { profile: Profile; judgement: Judgement }[]): string {
  const counts = judged.map(({ profile, judgement: { modules, unexpected } }) => {
    const numbers = countOf(modules);
    return [
      profile.name,
      ...outcomes.map((outcome) => String(numbers[outcome])),
      unexpected.length === 0 ? 'yes' : 'NO',
    ];
  });
  const parts = [table(['profile', ...outcomes, 'as expected'], counts)];
  for (const { profile, judgement } of judged) {
    const notPassed = judgement.modules.filter(({ result }) => result !== 'passed');
    if (notPassed.length > 0) {
      const rows = notPassed.map((module) => [labelOf(module), module.result, module.reason ?? '']);
      parts.push(`${profile.name}\n${table(['module', 'result', 'reason'], rows)}`);
    }
  }
  const unexpected = judged.flatMap(({ profile, judgement }) =>
    judgement.unexpected.map((line) => `  ${profile.name}: ${line}`),
  );
  if (unexpected.length > 0) parts.push(`Not as expected:\n${unexpected.join('\n')}`);
  return parts.join('\n\n');
}
