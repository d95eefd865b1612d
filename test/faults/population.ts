/** The people and apps of a scenario. */
import { createPasswordHasher, type PasswordHasher } from '../../src/credentials/password.ts';
import type { Database } from '../../src/platform/database.ts';
import type { Frontdesk } from '../support/frontdesk.ts';
import { ann, app, audience, notesApi, person, type Person, type RegisteredApp } from '../support/people-and-apps.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { registrationToken } from '../support/registration.ts';
import type { Ledger } from './ledger.ts';

export interface Population {
  people: Person[];
  /** First-party. */
  siteA: RegisteredApp;
  /** First-party; the host of its logout endpoint is known to the name server of the run only. */
  siteB: RegisteredApp;
  /** Third-party: the driver asks for consent at every sign-in. */
  siteC: RegisteredApp;
  /** A program that gets tokens by client credentials. */
  machine: RegisteredApp;
  /** Client id → its logout endpoint. */
  receivers: ReadonlyMap<string, Receiver>;
  /** Initial access token (RFC 7591) of the apps that register themselves. */
  registrationToken: string;
}

/** The people and apps, with what the driver needs to act as them. */
export interface World extends Population {
  issuer: string;
  ledger: Ledger;
  /** Database connections of the operator, configured as those of commands are. */
  operatorDb: Database;
  hasher: PasswordHasher;
}

/** Host of site B's logout endpoint, which the name server of the run resolves. */
export const siteBHost = 'site-b.test';
const peopleCount = 8;
const maxRegistrations = 10_000;

export async function populate(frontdesk: Frontdesk): Promise<Population> {
  const receivers = new Map<string, Receiver>();
  const register = async (id: string, isFirstParty: boolean) => {
    const receiver = await startReceiver(frontdesk.issuer, id);
    receivers.set(id, receiver);
    const backChannelLogoutUri = receiver.uri.replace('site-b.localhost', siteBHost);
    return app(frontdesk, { id, isFirstParty, apis: [{ audience }], backChannelLogoutUri });
  };
  await notesApi(frontdesk);
  await ann(frontdesk);
  const people: Person[] = [];
  for (let index = 0; index < peopleCount; index += 1)
    people.push(await person(frontdesk, `person-${index}`, `Person ${index}`));
  return {
    people,
    siteA: await register('site-a', true),
    siteB: await register('site-b', true),
    machine: await app(frontdesk, { id: 'machine', kind: 'machine', apis: [{ audience, scopes: ['notes:read'] }] }),
    siteC: await register('site-c', false),
    receivers,
    registrationToken: await registrationToken(frontdesk, maxRegistrations, 86_400),
  };
}

export const openHasher = (): Promise<PasswordHasher> => createPasswordHasher();
