/** What self-registered apps and the operator do. The ledger gets what is acknowledged. */
import { randomBytes, randomInt } from 'node:crypto';
import { createAccount } from '../../src/accounts/create-account.ts';
import { finishEndings } from '../../src/accounts/finish-endings.ts';
import { setPassword } from '../../src/accounts/set-password.ts';
import { suspendAccount } from '../../src/accounts/suspend-account.ts';
import { password } from '../support/people-and-apps.ts';
import { metadata, send, type Registered } from '../support/registration.ts';
import type { FactOf } from './ledger.ts';
import { attempt, describe } from './outcome.ts';
import { acknowledgeSignOut, redeem, signInAt } from './people.ts';
import type { World } from './population.ts';

const randomName = (): string => randomBytes(6).toString('hex');

const factOf = ({ client_id: id, client_name: name, client_secret: secret }: Registered): FactOf<'client'> => ({
  kind: 'client',
  id,
  name: String(name),
  secret: String(secret),
});

/** An app registers itself, changes its name, and removes itself in one of three rounds. */
export async function registerAndChangeClient({ issuer, ledger, registrationToken }: World): Promise<void> {
  const register = await attempt(() =>
    send(`${issuer}/oauth/register`, 'POST', registrationToken, metadata({ client_name: randomName() })),
  );
  if (register.outcome === 'refused')
    ledger.noteUnexpected(`a registration was refused: ${describe(register.response)}`);
  if (register.outcome !== 'done') return;
  const registered = register.response!.json<Registered>();
  const before = factOf(registered);
  ledger.acknowledge(before);

  const { registration_client_uri: uri, registration_access_token: token } = registered;
  const name = randomName();
  ledger.withdraw(before);
  const change = await attempt(() => send(uri, 'PUT', token, metadata({ client_id: before.id, client_name: name })));
  if (change.outcome === 'unavailable') ledger.restore(before);
  if (change.outcome === 'refused') ledger.noteUnexpected(`a change was refused: ${describe(change.response)}`);
  if (change.outcome !== 'done') return;
  const changed = change.response!.json<Registered>();
  const after = factOf({ ...changed, client_secret: changed.client_secret ?? before.secret });
  ledger.acknowledge(after);

  if (randomInt(3) > 0) return;
  ledger.withdraw(after);
  const newest = changed.registration_access_token ?? token;
  const removal = await attempt(() => send(uri, 'DELETE', newest));
  if (removal.outcome === 'unavailable') ledger.restore(after);
  if (removal.outcome === 'refused') ledger.noteUnexpected(`a removal was refused: ${describe(removal.response)}`);
  if (removal.outcome === 'done') ledger.acknowledge({ kind: 'removal of a client', id: after.id });
}

/** The operator creates an account, and suspends it or sets its password while the person is signed in. */
export async function changeAccounts(world: World): Promise<void> {
  const { ledger, operatorDb: db, hasher } = world;
  const username = `new-${randomName()}`;
  const details = { email: `${username}@example.com`, username, password };
  const id = await createAccount(db, hasher, details, 'command-line').catch(() => undefined);
  if (id === undefined) return;
  ledger.acknowledge({ kind: 'account', id, username });
  const signedIn = await signInAt(world, { id, username }, world.siteA);
  if (signedIn) await redeem(world, signedIn.session, signedIn.code);

  const ends = signedIn ? [signedIn.session.fact, ...signedIn.session.dependentFacts] : [];
  ledger.withdraw(...ends);
  const isSuspension = randomInt(2) === 0;
  const next = `${password} ${randomName()}`;
  try {
    if (isSuspension) await suspendAccount(db, id, 'command-line');
    else await setPassword(db, hasher, { accountId: id, password: next, by: 'command-line' });
    ledger.acknowledge(
      isSuspension ? { kind: 'suspension', accountId: id } : { kind: 'password', accountId: id, password: next },
    );
    await finishEndings(db, id);
  } catch {
    // The outcome is unknown.
    return;
  }
  if (signedIn) acknowledgeSignOut(world, signedIn.session);
}
