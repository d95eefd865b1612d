/** The budgets of wrong sign-in attempts: what is counted together, how many, for how long. */

export interface Budget {
  max: number;
  /** From the first attempt until all are forgotten. */
  seconds: number;
  /**
   * How attempts count, and what the next one is told when none is left:
   * - `pair`: a name at one place. Told, for an account that does not exist as well.
   * - `names`: the first attempt of each pair, so that a person who mistypes often counts once. Told.
   * - `attempts`: each attempt. Told.
   * - `silent`: each attempt at an account, by whatever name. Answered like a wrong password, which it is not compared
   *   with: otherwise the names of one account would tell that they belong together.
   */
  role: 'pair' | 'names' | 'attempts' | 'silent';
}

const minutes = (count: number): number => count * 60;
const perPlace = { max: 10, seconds: minutes(15) };
/** IPv6 addresses of one customer: more than one /64 may have, and less than `everyPlace`. */
const perSite = { max: 30, seconds: minutes(60) };
/** One account, from everywhere (OWASP ASVS 4.0, 2.2.1: no more than 100 an hour). */
const everyPlace = { max: 100, seconds: minutes(60) };

/**
 * A known device is a browser in which the account has signed in before; it counts in its own budgets alone, so that
 * nobody else can use them up. A network is an IPv4 address or a /64 of IPv6, a site a /48.
 */
export const budgets = {
  'name-device': { ...perPlace, role: 'pair' },
  'account-device': { ...perPlace, role: 'silent' },
  'name-network': { ...perPlace, role: 'pair' },
  'account-network': { ...perPlace, role: 'silent' },
  'name-site': { ...perSite, role: 'attempts' },
  'account-site': { ...perSite, role: 'silent' },
  name: { ...everyPlace, role: 'attempts' },
  account: { ...everyPlace, role: 'silent' },
  network: { max: 100, seconds: minutes(15), role: 'names' },
  site: { max: 200, seconds: minutes(15), role: 'names' },
  // More than one network or site can use up.
  everywhere: { max: 500, seconds: minutes(5), role: 'names' },
} as const satisfies Record<string, Budget>;

export type BudgetName = keyof typeof budgets;

/** What a success clears: the person has shown that the attempts at this place were theirs. */
export const clearedBySuccess: ReadonlySet<BudgetName> = new Set([
  'name-device',
  'account-device',
  'name-network',
  'account-network',
]);
