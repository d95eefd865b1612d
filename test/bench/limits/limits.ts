/** Promises with a bound of time, measured one after the other on a machine that does nothing else. */
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
import { timesOfWrong, timesToSignOut, timesToTell } from './people.ts';
import { secondsOfSlow, timesOfOversized } from './requests.ts';

export interface Limit {
  name: string;
  unit: 'ms' | 's' | 'times';
  values: number[];
  /** The largest value allowed; of more than fifty values, the 99th percentile. */
  bound: number;
}

const peopleCount = 60;

/** Milliseconds of each check for its slowest text, the fastest of three runs. */
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

/** Seconds until a call to a host that never answers is given up. */
async function secondsOfSilence(): Promise<number> {
  const port = await listen(createServer(() => {}));
  const outgoing = createOutgoing({ allowedHosts: ['*.localhost'] });
  const start = performance.now();
  await outgoing.toAllowedHosts.get(`http://silent.localhost:${port}/`).catch(() => {});
  outgoing.close();
  return (performance.now() - start) / 1000;
}

export async function measureLimits(): Promise<Limit[]> {
  const deployment = await startServers(2, async (frontdesk) => {
    const receiver = await startReceiver(frontdesk.issuer, 'told');
    const told = await app(frontdesk, { id: 'told', isFirstParty: true, backChannelLogoutUri: receiver.uri });
    const people: Person[] = [];
    for (let index = 0; index < peopleCount; index += 1)
      people.push(await person(frontdesk, `person-${index}`, `Person ${index}`));
    return { receiver, told, people };
  });
  const { issuer, db, servers, prepared } = deployment;
  const { people, receiver, told } = prepared;
  const stage = { issuer, db, receiver, app: told };

  /** Milliseconds until both processes follow a policy. */
  async function timeToFollow(seconds: number): Promise<number> {
    await setPolicy(db, 'key_announcement', `${seconds}s`, 'command-line');
    const start = performance.now();
    const follows = async (port: number) => {
      const { headers } = await sendRequest(`${issuer}/oauth/jwks`, {}, port);
      return headers['cache-control'] === `public, max-age=${seconds / 4}`;
    };
    for (const { port } of servers) await eventually(() => follows(port));
    return performance.now() - start;
  }

  try {
    const { known, unknown } = await timesOfWrong(stage, people.slice(0, 30));
    const { times, isBack } = await timesToSignOut(stage, people);
    const following: number[] = [];
    for (const seconds of [400, 480, 560, 640, 720]) following.push(await timeToFollow(seconds));
    const ratio = percentile(unknown, 0.5) / percentile(known, 0.5);
    return [
      {
        name: 'A07 from a suspension to the app being told',
        unit: 'ms',
        values: await timesToTell(stage, people),
        bound: 1000,
      },
      { name: 'C07 a call without an answer is given up', unit: 's', values: [await secondsOfSilence()], bound: 3.5 },
      {
        name: 'D04 unknown against known account, medians',
        unit: 'times',
        values: [Math.max(ratio, 1 / ratio)],
        bound: 1.25,
      },
      {
        name: 'F02 slow headers and bodies are closed',
        unit: 's',
        values: await secondsOfSlow(issuer, servers[0]!.port),
        bound: 20,
      },
      {
        name: 'F03 oversized requests are refused',
        unit: 'ms',
        values: await timesOfOversized(issuer, told),
        bound: 50,
      },
      { name: 'F04 checks of 50 KB', unit: 'ms', values: timesOfChecks(), bound: 20 },
      { name: 'signing out, the app being told meanwhile', unit: 'ms', values: times, bound: 1000 },
      { name: 'signing out by a receipt', unit: 'times', values: [isBack.filter((is) => !is).length], bound: 0 },
      { name: 'processes follow a policy', unit: 'ms', values: following, bound: 1000 },
    ];
  } finally {
    await deployment.close();
    await receiver.stop();
  }
}
