/** What came of a profile beside what was expected, as text. */
import { table } from '../../src/commands/command.ts';
import { expectationOf, outcomes, type Outcome, type Profile } from './profile.ts';
import { labelOf, type ModuleResult } from './run-plan.ts';

export interface JudgedModule extends ModuleResult {
  expected: Outcome;
  /** Why it is not passed; undefined when it is, as expected. */
  reason: string | undefined;
}

export interface Judgement {
  modules: JudgedModule[];
  /** Everything that is not as expected, better results included. */
  surprises: string[];
}

/** Compares results with expectations, module by module. */
export function judge(profile: Profile, results: readonly ModuleResult[], isWhole = true): Judgement {
  const modules = results.map((module): JudgedModule => {
    const { result: expected, reason } = expectationOf(profile, module.name);
    const found = module.findings.join('; ') || 'the suite gives no reason';
    return { ...module, expected, reason: module.result === expected ? reason : found };
  });
  const surprises = modules
    .filter(({ result, expected }) => result !== expected)
    .map((module) => `${labelOf(module)}: ${module.result}, not ${module.expected}: ${module.reason}`);
  if (isWhole && results.length !== profile.modules) {
    surprises.push(`the plan has ${results.length} modules, not ${profile.modules}: the suite has changed`);
  }
  return { modules, surprises };
}

export type Counts = Record<Outcome, number>;

export const countOf = (modules: readonly { result: Outcome }[]): Counts =>
  Object.fromEntries(
    outcomes.map((outcome) => [outcome, modules.filter(({ result }) => result === outcome).length]),
  ) as Counts;

/** For the terminal: the counts of each profile, then everything that was not passed. */
export function summaryOf(judged: readonly { profile: Profile; judgement: Judgement }[]): string {
  const counts = judged.map(({ profile, judgement: { modules, surprises } }) => {
    const numbers = countOf(modules);
    return [
      profile.name,
      ...outcomes.map((outcome) => String(numbers[outcome])),
      surprises.length === 0 ? 'yes' : 'NO',
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
  const surprises = judged.flatMap(({ profile, judgement }) =>
    judgement.surprises.map((surprise) => `  ${profile.name}: ${surprise}`),
  );
  if (surprises.length > 0) parts.push(`Not as expected:\n${surprises.join('\n')}`);
  return parts.join('\n\n');
}
