/** The people and apps of a run, and where their requests go. */
import { createPasswordHasher, type PasswordHasher } from '../../src/credentials/password.ts';
import type { Database } from '../../src/platform/database.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { ann, app, audience, notesApi, person, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { registrationToken } from '../support/registration.ts';
import type { Ledger } from './ledger.ts';

export interface Population {
  people: Person[];
  /** First-party: no consent is asked. */
  first: RegisteredApp;
  second: RegisteredApp;
  /** Third-party: consent is asked at every sign-in. */
  third: RegisteredApp;
  /** A program, for tokens of its own. */
  machine: RegisteredApp;
  /** Client id → its logout endpoint; the second app's is at a name that only DNS knows. */
  receivers: ReadonlyMap<string, Receiver>;
  /** With which apps register themselves. */
  registrationToken: string;
}

/** What the driver needs. */
export interface World extends Population {
  issuer: string;
  ledger: Ledger;
  /** The operator's own connections: those of commands. */
  operatorDb: Database;
  hasher: PasswordHasher;
}

/** Resolved by the name server of the run. */
export const secondHost = 'second.test';
const peopleCount = 8;
const registrations = 10_000;

export async function populate(frontdesk: Frontdesk): Promise<Population> {
  const receivers = new Map<string, Receiver>();
  const register = async (id: string, isFirstParty: boolean) => {
    const receiver = await startReceiver(frontdesk.issuer, id);
    receivers.set(id, receiver);
    const backChannelLogoutUri = receiver.uri.replace('second.localhost', secondHost);
    return app(frontdesk, { id, isFirstParty, apis: [{ audience }], backChannelLogoutUri });
  };
  await notesApi(frontdesk);
  await ann(frontdesk);
  const people: Person[] = [];
  for (let index = 0; index < peopleCount; index += 1)
    people.push(await person(frontdesk, `person-${index}`, `Person ${index}`));
  return {
    people,
    first: await register('first', true),
    second: await register('second', true),
    machine: await app(frontdesk, { id: 'machine', kind: 'machine', apis: [{ audience, scopes: ['notes:read'] }] }),
    third: await register('third', false),
    receivers,
    registrationToken: await registrationToken(frontdesk, registrations, 86_400),
  };
}

export const openHasher = (): Promise<PasswordHasher> => createPasswordHasher();
