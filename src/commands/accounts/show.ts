/** `frontdesk accounts show ACCOUNT`: what an operator needs to know of an account. */
import { listConnectedApps } from '../../sessions/connected-app-repository.ts';
import { listSessions } from '../../sessions/session-repository.ts';
import { createAttemptLimits } from '../../sign-in/attempt-limits.ts';
import type { Account } from '../../accounts/account.ts';
import { fields, type Command } from '../command.ts';
import { requireAccount, withBase } from '../with-base.ts';

interface Shown extends Omit<Account, 'attributes'> {
  /** Names of the claims that `accounts set-claims` set. */
  claims: string[];
  sessions: number;
  apps: number;
  /** Seconds until the person may try to sign in again; 0 when the account is not locked. */
  lockedSeconds: number;
}

function textOf(account: Shown): string {
  const { id, email, emailVerifiedAt, username, name, suspendedAt, claims, sessions, apps, lockedSeconds } = account;
  return fields([
    ['id', id],
    ['email', `${email} (${emailVerifiedAt ? 'verified' : 'not verified'})`],
    ['username', username ?? 'none'],
    ['name', name ?? 'none'],
    ['status', suspendedAt ? `suspended since ${suspendedAt.toISOString()}` : 'active'],
    [
      'sign-in',
      lockedSeconds > 0 ? `locked by wrong attempts for ${Math.ceil(lockedSeconds / 60)} minutes` : 'not locked',
    ],
    ['claims', claims.join(', ') || 'none'],
    ['sessions', String(sessions)],
    ['apps', String(apps)],
    ['created', account.createdAt.toISOString()],
    ['updated', account.updatedAt.toISOString()],
  ]);
}

export const showAccount: Command = {
  name: 'accounts show',
  about: 'Show one account: names, address, status, and how many sessions and apps it has.',
  operands: ['ACCOUNT'],
  options: { json: { about: 'Print JSON.' } },
  async run({ operands: [name = ''], options, io }) {
    await withBase(io, async ({ db, keyring, config }) => {
      const { attributes, ...account } = await requireAccount(db, name);
      const attemptLimits = createAttemptLimits(db, keyring, config.rateLimitFactor);
      const [sessions, apps, lockedSeconds] = await Promise.all([
        listSessions(db, account.id),
        listConnectedApps(db, account.id),
        attemptLimits.lockedSeconds(account.id),
      ]);
      const counts = { sessions: sessions.length, apps: apps.length };
      const shown = { ...account, claims: Object.keys(attributes).toSorted(), ...counts, lockedSeconds };
      io.out(options['json'] ? JSON.stringify(shown, undefined, 2) : textOf(shown));
    });
  },
};
