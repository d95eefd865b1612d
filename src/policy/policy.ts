/** What an operator decides while the program runs: every item, its default and its bounds. */
import { Refusal } from '../errors.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

interface Item {
  default: number;
  min: number;
  max: number;
  about: string;
}

/** All items are durations in seconds. */
export const policyItems = {
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
} as const satisfies Record<string, Item>;

export type PolicyName = keyof typeof policyItems;
/** Every item in seconds. */
export type Policy = Readonly<Record<PolicyName, number>>;

export const isPolicyName = (name: string): name is PolicyName => Object.hasOwn(policyItems, name);

export const defaultPolicy = Object.fromEntries(
  Object.entries(policyItems).map(([name, item]) => [name, item.default]),
) as Policy;

/** @throws Refusal `policy_unknown` or `policy_out_of_bounds` */
export function requirePolicy(name: string, seconds: number): PolicyName {
  if (!isPolicyName(name)) throw new Refusal('policy_unknown', { name });
  const { min, max } = policyItems[name];
  if (!Number.isInteger(seconds) || seconds < min || seconds > max) {
    throw new Refusal('policy_out_of_bounds', { name, min: formatDuration(min), max: formatDuration(max) });
  }
  return name;
}

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
