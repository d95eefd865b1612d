/** Limits on wrong sign-in attempts: by account, name, network and device, for all processes together. */
import { canonicalEmail, canonicalUsername, type Account } from '../accounts/account.ts';
import { Refusal, type RefusalCode } from '../errors.ts';
import type { Database } from '../platform/database.ts';
import { networkOf, siteOf } from '../platform/network.ts';
import type { Keyring } from '../platform/secrets.ts';
import { budgets, clearedBySuccess, type BudgetName } from './attempt-budgets.ts';
import {
  countAttempt,
  deleteAttemptsOf,
  giveBackAttempt,
  listLocks,
  settleAttempt,
  type AttemptRow,
  type CountedRow,
  type Lock,
  type Settlement,
} from './attempt-repository.ts';

/** From this number of wrong attempts at one place, the page says that even the right password may be refused. */
const repeatedAttempts = 3;

/** The person who tries to sign in, and the place. */
export interface Candidate {
  /** The canonical form of the name that was typed. */
  name: string;
  /** The account with this name; undefined when there is none. */
  accountId: string | undefined;
  ip: string;
  /** Id of a browser in which the account has signed in before (known-device.ts); undefined for any other browser. */
  deviceId: string | undefined;
}

/** An attempt that has begun. It counts as wrong unless `succeed` is called. */
export interface Attempt {
  /** Whether the password may be compared. If not, the sign-in is refused like one with a wrong password. */
  mayEvaluate: boolean;
  /** Whether this is at least the third wrong attempt at this place. */
  isRepeated: boolean;
  /** The budgets that this attempt used up. */
  usedUp: BudgetName[];
  /** The IPv4 address, or the /64 of an IPv6 address. */
  network: string;
  /** Takes this attempt off every count, and clears the counts of this person at this place. */
  succeed(): Promise<void>;
}

type Names = Pick<Account, 'id' | 'email' | 'username'>;

export interface AttemptLimits {
  /**
   * Counts an attempt. The caller compares the password afterwards, so that attempts at the same time cannot pass the
   * limit together.
   *
   * @throws Refusal `too_many_attempts` (this name), `address_locked` (this network) or `sign_in_limited` (all unknown
   *   devices), with the time to wait
   */
  begin(candidate: Candidate): Promise<Attempt>;
  /** The budgets of an account and of its names that are used up. */
  locksOf(account: Names): Promise<Lock[]>;
  /** Forgets the wrong attempts at an account, by each of its names, at every place. */
  forget(account: Names): Promise<void>;
}

const refusalOf = (budget: BudgetName): RefusalCode => {
  if (budget === 'everywhere') return 'sign_in_limited';
  return budget === 'network' || budget === 'site' ? 'address_locked' : 'too_many_attempts';
};

const isCounted = ({ remaining }: CountedRow): boolean => remaining !== undefined;
const isUsedUp = ({ waitSeconds }: CountedRow): boolean => waitSeconds !== undefined;

/** The rows because of which an attempt is refused with the time to wait; empty when it is not. */
function refusingRows(rows: CountedRow[]): CountedRow[] {
  const shown = rows.filter(({ role }) => role !== 'silent');
  if (shown.some(isUsedUp)) return shown.filter(isUsedUp);
  // A row that was not used up when the statement began, and was not counted: concurrent attempts used it up.
  const pairs = shown.filter(({ role }) => role === 'pair');
  if (!pairs.every(isCounted)) return pairs.filter((row) => !isCounted(row));
  const isFirst = pairs.every(({ remaining, max }) => remaining === max - 1);
  return shown.filter((row) => !isCounted(row) && (row.role !== 'names' || isFirst));
}

const inPrecedence: RefusalCode[] = ['too_many_attempts', 'address_locked', 'sign_in_limited'];

function refuse(rows: CountedRow[]): never {
  const wait = Math.max(1, ...rows.map(({ waitSeconds, seconds }) => waitSeconds ?? seconds));
  const code = inPrecedence.find((candidate) => rows.some(({ budget }) => refusalOf(budget) === candidate))!;
  throw new Refusal(code, { count: Math.ceil(wait / 60) }, wait);
}

/** Sorts rows in the order in which every statement locks them. */
const inLockOrder = (rows: AttemptRow[]): AttemptRow[] =>
  rows.toSorted(
    (a, b) =>
      Number(b.role === 'pair') - Number(a.role === 'pair') ||
      Buffer.compare(a.subject, b.subject) ||
      Buffer.compare(a.place, b.place) ||
      (a.budget < b.budget ? -1 : 1),
  );

/** @param factor multiplies every maximum */
export function createAttemptLimits(db: Database, keyring: Keyring, factor: number): AttemptLimits {
  // People type passwords into the wrong field, so the database gets digests. Every valid root secret has its rows:
  // processes that share one of them count together.
  const subjects = (kind: 'name' | 'account' | 'none', value = '') => keyring.digests(`attempt-${kind}`, value);
  const places = (kind: 'device' | 'network' | 'site' | 'none', value = '') => keyring.digests(`at-${kind}`, value);
  const rowsOf = (budget: BudgetName, subject: Buffer[], place: Buffer[]): AttemptRow[] =>
    subject.map((each, index) => {
      const max = Math.max(1, Math.round(budgets[budget].max * factor));
      return { ...budgets[budget], max, budget, subject: each, place: place[index]! };
    });

  function rowsFor({ name, accountId, ip, deviceId }: Candidate): AttemptRow[] {
    const named = subjects('name', name);
    // Unknown names have rows of the same budgets, and so take the same time.
    const account = subjects('account', accountId === undefined ? `name ${name}` : `id ${accountId}`);
    if (deviceId !== undefined) {
      const device = places('device', deviceId);
      return [...rowsOf('name-device', named, device), ...rowsOf('account-device', account, device)];
    }
    const [nobody, nowhere] = [subjects('none'), places('none')];
    const network = places('network', networkOf(ip));
    const siteName = siteOf(ip);
    const site = siteName === undefined ? undefined : places('site', siteName);
    return [
      ...rowsOf('name-network', named, network),
      ...rowsOf('account-network', account, network),
      ...(site ? [...rowsOf('name-site', named, site), ...rowsOf('account-site', account, site)] : []),
      ...rowsOf('name', named, nowhere),
      ...rowsOf('account', account, nowhere),
      ...rowsOf('network', nobody, network),
      ...(site ? rowsOf('site', nobody, site) : []),
      ...rowsOf('everywhere', nobody, nowhere),
    ];
  }

  async function succeed(counted: CountedRow[]): Promise<void> {
    const settlementOf = (row: CountedRow): Settlement | undefined => {
      if (clearedBySuccess.has(row.budget)) return 'delete';
      // A pair counts once in `names`, whichever of its attempts was the first.
      if (row.role === 'names') return 'restore-pair';
      return isCounted(row) ? 'restore' : undefined;
    };
    const settled = counted.flatMap((row) => {
      const settlement = settlementOf(row);
      return settlement ? [{ ...row, settlement }] : [];
    });
    await settleAttempt(db, settled);
  }

  const subjectsOf = ({ id, email, username }: Names): Buffer[] => {
    const names = [canonicalEmail(email), username === undefined ? undefined : canonicalUsername(username)];
    const typed = names.filter((name) => name !== undefined);
    return [...subjects('account', `id ${id}`), ...typed.flatMap((name) => subjects('name', name))];
  };

  return {
    async begin(candidate) {
      const counted = await countAttempt(db, inLockOrder(rowsFor(candidate)));
      const refusing = refusingRows(counted);
      if (refusing.length > 0) {
        await giveBackAttempt(db, counted.filter(isCounted));
        return refuse(refusing);
      }
      const silent = counted.filter(({ role }) => role === 'silent');
      const mayEvaluate = silent.every(isCounted);
      if (!mayEvaluate) await giveBackAttempt(db, silent.filter(isCounted));
      return {
        mayEvaluate,
        isRepeated: counted.some(({ role, max, remaining }) => role === 'pair' && max - remaining! >= repeatedAttempts),
        usedUp: [...new Set(counted.filter(({ remaining }) => remaining === 0).map(({ budget }) => budget))],
        network: networkOf(candidate.ip),
        succeed: () => succeed(counted),
      };
    },
    locksOf: (account) => listLocks(db, subjectsOf(account)),
    forget: (account) => deleteAttemptsOf(db, subjectsOf(account)),
  };
}
