/** The budgets of wrong sign-in attempts: what is counted together, how many, for how long. */

export interface Budget {
  max: number;
  /** Time from the first attempt until all attempts are forgotten. */
  seconds: number;
  /**
   * Which attempts count, and what happens when the budget is used up:
   * - `pair`: each attempt at a name at one place. Refused with the time to wait, also for an unknown name.
   * - `names`: the first attempt of each pair, so that a person who mistypes often counts once. Refused likewise.
   * - `attempts`: each attempt. Refused likewise.
   * - `silent`: each attempt at an account, by any of its names. Refused like a wrong password, and the password is not
   *   compared: otherwise the refusal would reveal which names belong to one account.
   */
  role: 'pair' | 'names' | 'attempts' | 'silent';
}

const minutes = (count: number): number => count * 60;
const perPlace = { max: 10, seconds: minutes(15) };
/** All IPv6 addresses of one customer: more attempts than one /64 may make, and fewer than `everyPlace`. */
const perSite = { max: 30, seconds: minutes(60) };
/** Attempts at one account from all unknown devices (OWASP ASVS 4.0, 2.2.1: no more than 100 an hour). */
const everyPlace = { max: 100, seconds: minutes(60) };

/**
 * A known device is a browser in which the account has signed in before. Its attempts count in its own budgets only, so
 * that nobody else can use these up. A network is an IPv4 address or an IPv6 /64, a site is an IPv6 /48.
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
  // The maximum is more than one network or site can use up.
  everywhere: { max: 500, seconds: minutes(5), role: 'names' },
} as const satisfies Record<string, Budget>;

export type BudgetName = keyof typeof budgets;

/** Budgets that a success clears, because the person has shown that the attempts at this place were theirs. */
export const clearedBySuccess: ReadonlySet<BudgetName> = new Set([
  'name-device',
  'account-device',
  'name-network',
  'account-network',
]);
