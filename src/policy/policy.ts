/** The policy: items that an operator changes while servers run. Each has a default and a range of values. */
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
    about: 'A session ends when it is not used for this long.',
  },
  session_absolute: {
    default: 30 * day,
    min: minute,
    max: 400 * day,
    about: 'A session ends this long after the person signed in.',
  },
  brief_session_idle: {
    default: 12 * hour,
    min: minute,
    max: 30 * day,
    about: 'As session_idle, for people who did not choose to stay signed in.',
  },
  brief_session_absolute: {
    default: day,
    min: minute,
    max: 30 * day,
    about: 'As session_absolute, for people who did not choose to stay signed in.',
  },
  refresh_idle: {
    default: 14 * day,
    min: minute,
    max: 400 * day,
    about: 'A refresh token expires when it is not used for this long.',
  },
  refresh_absolute: {
    default: 90 * day,
    min: minute,
    max: 400 * day,
    about: 'Refresh tokens expire this long after the person signed in to the app.',
  },
  key_life: { default: 90 * day, min: minute, max: 1000 * day, about: 'A signing key signs for this long.' },
  key_announcement: {
    default: day,
    min: 1,
    max: 30 * day,
    about:
      'A new key is published for this long before it signs. Apps fetch keys at most once a minute: use 2m or longer.',
  },
  // The minimum is the lifetime of an ID token (oidc/configuration/lifetimes.ts).
  key_retention: {
    default: 90 * day,
    min: hour,
    max: 1000 * day,
    about: 'A key stays published for this long after it has stopped signing.',
  },
} as const satisfies Record<string, DurationItem>;

interface ChoiceItem {
  default: string;
  values: readonly string[];
  about: string;
}

/** Items with named values. */
export const choiceItems = {
  pkce: {
    default: 'public',
    values: ['public', 'all'],
    about:
      'The clients that must use PKCE: public ones (single-page, native), or all. A code_challenge is always checked.',
  },
} as const satisfies Record<string, ChoiceItem>;

export const policyItems = { ...durationItems, ...choiceItems };

export type DurationName = keyof typeof durationItems;
export type ChoiceName = keyof typeof choiceItems;
export type PolicyName = DurationName | ChoiceName;
/** The value of every item; durations in seconds. */
export type Policy = Readonly<
  Record<DurationName, number> & { [Name in ChoiceName]: (typeof choiceItems)[Name]['values'][number] }
>;

export const isDurationName = (name: string): name is DurationName => Object.hasOwn(durationItems, name);
export const isPolicyName = (name: string): name is PolicyName => Object.hasOwn(policyItems, name);

export const defaultPolicy = Object.fromEntries(
  Object.entries(policyItems).map(([name, item]) => [name, item.default]),
) as unknown as Policy;

/** Requires a duration within the bounds of an item. @throws Refusal `policy_out_of_bounds` */
export function requireDuration(name: DurationName, seconds: number): void {
  const { min, max } = durationItems[name];
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return;
  throw new Refusal('policy_out_of_bounds', { name, min: formatDuration(min), max: formatDuration(max) });
}

/**
 * Parses the value of an item: a duration such as `12h`, or one of the item's named values.
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

/** The inverse of `parsePolicy`: the text of a value. */
export const formatPolicyValue = (value: number | string): string =>
  typeof value === 'number' ? formatDuration(value) : value;

const units = { d: day, h: hour, m: minute, s: 1 } as const;

/** @returns the seconds of `90s`, `15m`, `12h` or `30d`; undefined for any other text */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([dhms])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}

/** A duration in the largest unit that gives a whole number: 86400 → `1d`. */
export function formatDuration(seconds: number): string {
  const [unit, size] = Object.entries(units).find(([, each]) => seconds >= each && seconds % each === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
