/** Measures what has a maximum time, one after the other. */
import { createServer } from 'node:http';
import { createOutgoing } from '../../../src/platform/outgoing.ts';
import { setPolicy } from '../../../src/policy/set-policy.ts';
import { sendRequest } from '../../support/browser.ts';
import { app, person, type Person } from '../../support/people-and-apps.ts';
import { eventually } from '../../support/eventually.ts';
import { listen } from '../../support/listen.ts';
import { startReceiver } from '../../support/receiver.ts';
import { percentile } from '../report.ts';
import { startServers } from '../../support/servers.ts';
import { checks, hardTexts, runCheck } from './checks.ts';
import { timesOfWrongPasswords, timesToSignOut, timesToNotify } from './people.ts';
import { secondsToCloseSlow, timesOfOversized } from './requests.ts';

export interface Limit {
  name: string;
  unit: 'ms' | 's' | 'times';
  values: number[];
  /** Maximum of the values; of more than fifty values, of their 99th percentile. */
  bound: number;
}

const peopleCount = 60;

/** For each check, milliseconds for the slowest text; of three runs with a text the fastest counts. */
function timesOfChecks(): number[] {
  const timeOf = (check: (text: string) => unknown, text: string) => {
    const start = performance.now();
    runCheck(check, text);
    return performance.now() - start;
  };
  return Object.values(checks).map((check) =>
    Math.max(...hardTexts.map((text) => Math.min(...[1, 2, 3].map(() => timeOf(check, text))))),
  );
}

/** Seconds until a call to a host that never responds is given up. */
async function secondsToGiveUp(): Promise<number> {
  const port = await listen(createServer(() => {}));
  const outgoing = createOutgoing({ allowedHosts: ['*.localhost'] });
  const start = performance.now();
  await outgoing.toAllowedHosts.get(`http://silent.localhost:${port}/`).catch(() => {});
  outgoing.close();
  return (performance.now() - start) / 1000;
}

export async function measureLimits(): Promise<Limit[]> {
  const deployment = await startServers(2, async (frontdesk) => {
    const receiver = await startReceiver(frontdesk.issuer, 'notified');
    const notifiedApp = await app(frontdesk, {
      id: 'notified',
      isFirstParty: true,
      backChannelLogoutUri: receiver.uri,
    });
    const people: Person[] = [];
    for (let index = 0; index < peopleCount; index += 1)
      people.push(await person(frontdesk, `person-${index}`, `Person ${index}`));
    return { receiver, notifiedApp, people };
  });
  const { issuer, db, servers, prepared } = deployment;
  const { people, receiver, notifiedApp } = prepared;
  const measured = { issuer, db, receiver, app: notifiedApp };

  /** Milliseconds until a changed policy is in effect in both processes. */
  async function timeToApply(seconds: number): Promise<number> {
    await setPolicy(db, 'key_announcement', `${seconds}s`, 'command-line');
    const start = performance.now();
    const isApplied = async (port: number) => {
      const { headers } = await sendRequest(`${issuer}/oauth/jwks`, {}, port);
      return headers['cache-control'] === `public, max-age=${seconds / 4}`;
    };
    for (const { port } of servers) await eventually(() => isApplied(port));
    return performance.now() - start;
  }

  try {
    const { known, unknown } = await timesOfWrongPasswords(measured, people.slice(0, 30));
    const { times, endsAtApp } = await timesToSignOut(measured, people);
    const timesToApply: number[] = [];
    for (const seconds of [400, 480, 560, 640, 720]) timesToApply.push(await timeToApply(seconds));
    const ratio = percentile(unknown, 0.5) / percentile(known, 0.5);
    return [
      {
        name: 'A07 from a suspension to the notification of the app',
        unit: 'ms',
        values: await timesToNotify(measured, people),
        bound: 1000,
      },
      { name: 'C07 a call without a response is given up', unit: 's', values: [await secondsToGiveUp()], bound: 3.5 },
      {
        name: 'D04 unknown account compared to wrong password, medians',
        unit: 'times',
        values: [Math.max(ratio, 1 / ratio)],
        bound: 1.25,
      },
      {
        name: 'F02 slow headers and bodies are closed',
        unit: 's',
        values: await secondsToCloseSlow(issuer, servers[0]!.port),
        bound: 20,
      },
      {
        name: 'F03 oversized requests are refused',
        unit: 'ms',
        values: await timesOfOversized(issuer, notifiedApp),
        bound: 50,
      },
      { name: 'F04 checks of 50 KB', unit: 'ms', values: timesOfChecks(), bound: 20 },
      { name: 'sign-out, until the redirect, with notification of the app', unit: 'ms', values: times, bound: 1000 },
      {
        name: 'sign-outs that show a receipt',
        unit: 'times',
        values: [endsAtApp.filter((ends) => !ends).length],
        bound: 0,
      },
      { name: 'a changed policy is in effect in all processes', unit: 'ms', values: timesToApply, bound: 1000 },
    ];
  } finally {
    await deployment.close();
    await receiver.stop();
  }
}
