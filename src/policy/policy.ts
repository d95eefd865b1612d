/** What an operator decides while the program runs: every item, its default and the values it can have. */
import { Refusal } from '../errors.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

interface DurationItem {
  default: number;
  min: number;
  max: number;
  about: string;
}

/** Items that are durations, in seconds. */
export const durationItems = {
  session_idle: {
    default: 14 * day,
    min: minute,
    max: 400 * day,
    about: 'A session ends when nobody used it for so long.',
  },
  session_absolute: {
    default: 30 * day,
    min: minute,
    max: 400 * day,
    about: 'A session ends so long after signing in, used or not.',
  },
  brief_session_idle: {
    default: 12 * hour,
    min: minute,
    max: 30 * day,
    about: 'The same for a browser that was not to be remembered.',
  },
  brief_session_absolute: {
    default: day,
    min: minute,
    max: 30 * day,
    about: 'The same for a browser that was not to be remembered.',
  },
  refresh_idle: {
    default: 14 * day,
    min: minute,
    max: 400 * day,
    about: 'A refresh token that was not used for so long is dead.',
  },
  refresh_absolute: {
    default: 90 * day,
    min: minute,
    max: 400 * day,
    about: 'Refreshing ends so long after signing in at the app.',
  },
  key_life: { default: 90 * day, min: minute, max: 1000 * day, about: 'How long a signing key signs.' },
  key_announcement: {
    default: day,
    min: 1,
    max: 30 * day,
    about:
      'How long a new key is published before it signs. Apps look for new keys once a minute at max: 2m or longer.',
  },
  // No shorter than the longest life of what a key signs: an ID token's.
  key_retention: {
    default: 90 * day,
    min: hour,
    max: 1000 * day,
    about: 'How long a key stays published after it signed last.',
  },
} as const satisfies Record<string, DurationItem>;

interface ChoiceItem {
  default: string;
  values: readonly string[];
  about: string;
}

/** Items that are one of a few words. */
export const choiceItems = {
  pkce: {
    default: 'public',
    values: ['public', 'all'],
    about:
      'Which clients must use PKCE: public ones (single-page, native), or all. Where it is sent it is always checked.',
  },
} as const satisfies Record<string, ChoiceItem>;

export const policyItems = { ...durationItems, ...choiceItems };

export type DurationName = keyof typeof durationItems;
export type ChoiceName = keyof typeof choiceItems;
export type PolicyName = DurationName | ChoiceName;
/** Every item: durations in seconds, choices as words. */
export type Policy = Readonly<
  Record<DurationName, number> & { [Name in ChoiceName]: (typeof choiceItems)[Name]['values'][number] }
>;

export const isDurationName = (name: string): name is DurationName => Object.hasOwn(durationItems, name);
export const isPolicyName = (name: string): name is PolicyName => Object.hasOwn(policyItems, name);

export const defaultPolicy = Object.fromEntries(
  Object.entries(policyItems).map(([name, item]) => [name, item.default]),
) as unknown as Policy;

/** @throws Refusal `policy_out_of_bounds` */
export function requireDuration(name: DurationName, seconds: number): void {
  const { min, max } = durationItems[name];
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return;
  throw new Refusal('policy_out_of_bounds', { name, min: formatDuration(min), max: formatDuration(max) });
}

/**
 * Reads the value of an item as an operator writes it: a duration such as `12h`, or one of the item's words.
 *
 * @throws Refusal `policy_unknown`, `policy_out_of_bounds`, `duration_invalid`, `policy_value_unknown`
 */
export function parsePolicy(name: string, text: string): { name: PolicyName; value: number | string } {
  if (!isPolicyName(name)) throw new Refusal('policy_unknown', { name });
  if (isDurationName(name)) {
    const seconds = parseDuration(text);
    if (seconds === undefined) throw new Refusal('duration_invalid', { text });
    requireDuration(name, seconds);
    return { name, value: seconds };
  }
  const values: readonly string[] = choiceItems[name].values;
  if (!values.includes(text)) throw new Refusal('policy_value_unknown', { name, values: values.join(', ') });
  return { name, value: text };
}

/** The value of an item as an operator writes it. */
export const formatPolicyValue = (value: number | string): string =>
  typeof value === 'number' ? formatDuration(value) : value;

const units = { d: day, h: hour, m: minute, s: 1 } as const;

/** `90s`, `15m`, `12h`, `30d` → seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([dhms])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}

/** The longest unit that needs no fraction: 86400 → `1d`. */
export function formatDuration(seconds: number): string {
  const [unit, size] = Object.entries(units).find(([, each]) => seconds >= each && seconds % each === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
