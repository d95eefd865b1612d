/** Measures how fast oversized requests are refused and slow ones are closed: requirements F02 and F03. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { sendRequest } from '../../support/browser.ts';
import { authorize, newBrowser } from '../../support/flow.ts';
import type { RegisteredApp } from '../../support/people-and-apps.ts';

const manyParameters = Array.from({ length: 10_000 }, (_, index) => `${index.toString(36)}=`).join('&');
const largeValue = `login=${'x'.repeat(60 * 1024)}`;
const nestedJson = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
const rounds = 20;

/** Milliseconds of each request. @throws Error when one is not refused with 4xx */
export async function timesOfOversized(issuer: string, app: RegisteredApp): Promise<number[]> {
  const browser = newBrowser({ issuer });
  const page = await browser.visit(authorize({ issuer }, app).url);
  const action = new URL(page.root.querySelector('form')!.getAttribute('action')!, page.url).href;
  const token = `${issuer}/oauth/token`;
  const json = { 'content-type': 'application/json' };
  const sends = [
    ...[manyParameters, largeValue, nestedJson].map((form) => () => browser.send(action, { form })),
    ...[manyParameters, largeValue, nestedJson].map((form) => () => sendRequest(token, { form })),
    () => sendRequest(token, { form: nestedJson, headers: json }),
    () => sendRequest(`${issuer}/oauth/authorize?x=${'y'.repeat(20_000)}`),
    () => sendRequest(`${issuer}/oauth/authorize?${manyParameters.slice(0, 12_000)}`),
  ];
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const send of sends) {
      const start = performance.now();
      const { status } = await send();
      times.push(performance.now() - start);
      if (status < 400 || status > 499) throw new Error(`the response to an oversized request was ${status}`);
    }
  }
  return times;
}

async function secondsUntilClosed(port: number, text: string): Promise<number> {
  const start = performance.now();
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.resume().write(text);
  await once(socket, 'close');
  return (performance.now() - start) / 1000;
}

/** Seconds until the connection is closed: of a request with slow headers, and of one with a slow body. */
export function secondsToCloseSlow(issuer: string, port: number): Promise<number[]> {
  const { host } = new URL(issuer);
  const type = 'Content-Type: application/x-www-form-urlencoded';
  return Promise.all([
    secondsUntilClosed(port, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `),
    secondsUntilClosed(port, `POST /oauth/token HTTP/1.1\r\nHost: ${host}\r\n${type}\r\nContent-Length: 100\r\n\r\na`),
  ]);
}
