/** `frontdesk accounts show ACCOUNT`: shows an account, its sign-in locks, and the number of its sessions and apps. */
import { listConnectedApps } from '../../sessions/connected-app-repository.ts';
import { countSessions } from '../../sessions/session-repository.ts';
import type { BudgetName } from '../../sign-in/attempt-budgets.ts';
import { createAttemptLimits } from '../../sign-in/attempt-limits.ts';
import type { Lock } from '../../sign-in/attempt-repository.ts';
import type { Account } from '../../accounts/account.ts';
import { fields, type Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

interface ShownAccount extends Omit<Account, 'attributes'> {
  /** Names of the claims that `accounts set-claims` set. */
  claims: string[];
  sessions: number;
  apps: number;
  /** Budgets of wrong attempts that are used up: further attempts are refused. */
  locks: Lock[];
  /** Seconds until the last of the locks ends; 0 when there is none. */
  lockedSeconds: number;
}

/** Words for the locks at one kind of place. Locks of a name and of the account count as one. */
const lockKinds: { budgets: BudgetName[]; words: (places: number) => string }[] = [
  { budgets: ['name', 'account'], words: () => 'on all devices that have not signed in before' },
  { budgets: ['name-network', 'account-network'], words: (places) => `from ${places} network${places > 1 ? 's' : ''}` },
  { budgets: ['name-site', 'account-site'], words: (places) => `from ${places} /48 network${places > 1 ? 's' : ''}` },
  {
    budgets: ['name-device', 'account-device'],
    words: (places) => `on ${places} known device${places > 1 ? 's' : ''}`,
  },
];

function lockText(locks: Lock[]): string {
  const parts = lockKinds.flatMap(({ budgets, words }) => {
    const matching = locks.filter(({ budget }) => budgets.includes(budget));
    if (matching.length === 0) return [];
    const minutes = Math.ceil(Math.max(...matching.map(({ seconds }) => seconds)) / 60);
    return [
      `${words(Math.max(...matching.map(({ places }) => places)))} for ${minutes} minute${minutes > 1 ? 's' : ''}`,
    ];
  });
  return parts.length === 0 ? 'not locked' : `locked by wrong attempts ${parts.join(', ')}`;
}

function textOf(account: ShownAccount): string {
  const { id, email, emailVerifiedAt, username, name, suspendedAt, claims, sessions, apps, locks } = account;
  return fields([
    ['id', id],
    ['email', `${email} (${emailVerifiedAt ? 'verified' : 'not verified'})`],
    ['username', username ?? 'none'],
    ['name', name ?? 'none'],
    ['status', suspendedAt ? `suspended since ${suspendedAt.toISOString()}` : 'active'],
    ['sign-in', lockText(locks)],
    ['claims', claims.join(', ') || 'none'],
    ['sessions', String(sessions)],
    ['apps', String(apps)],
    ['created', account.createdAt.toISOString()],
    ['updated', account.updatedAt.toISOString()],
  ]);
}

/** Maximum number of sessions and of apps that are counted. */
const maxCount = 10_000;

export const showAccount: Command = {
  name: 'accounts show',
  about: 'Show one account: names, address, status, and how many sessions and apps it has.',
  operands: ['ACCOUNT'],
  options: { json: { about: 'Print JSON.' } },
  async run({ operands: [name = ''], options, io }) {
    await withBase(io, async ({ db, keyring, config }) => {
      const { attributes, ...account } = await requireAccount(db, name);
      const attemptLimits = createAttemptLimits(db, keyring, config.rateLimitFactor);
      const [sessions, apps, locks] = await Promise.all([
        countSessions(db, account.id, { limit: maxCount }),
        listConnectedApps(db, account.id, maxCount),
        attemptLimits.locksOf(account),
      ]);
      const counts = { sessions, apps: apps.length };
      const lockedSeconds = Math.max(0, ...locks.map(({ seconds }) => seconds));
      const shown = { ...account, claims: Object.keys(attributes).toSorted(), ...counts, locks, lockedSeconds };
      io.out(options['json'] ? JSON.stringify(shown, undefined, 2) : textOf(shown));
    });
  },
};
