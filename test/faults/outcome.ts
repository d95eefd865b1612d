/** What a response says about whether something was done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadTexts } from '../../src/platform/texts.ts';
import type { HttpResponse } from '../support/browser.ts';

/**
 * `done`: acknowledged; `refused`: not done, and may be tried again (503); `unknown`: done or not, since the connection
 * broke or the server does not know; `wrong`: refused for good.
 */
export type Outcome = 'done' | 'refused' | 'unknown' | 'wrong';

const outcomeUnknown = loadTexts()('refusals.outcome_unknown');

export function outcomeOf(response: HttpResponse | undefined): Outcome {
  if (!response) return 'unknown';
  const { status, body } = response;
  if (status < 400) return 'done';
  if (status < 500) return 'wrong';
  return status === 503 && !body.includes(outcomeUnknown) ? 'refused' : 'unknown';
}

export interface Asked<R extends HttpResponse> {
  outcome: Outcome;
  response: R | undefined;
  /** When it became unknown whether an earlier try had done it; undefined when none may have. */
  unknownSince: number | undefined;
}

/** Sends a request once. */
export async function ask<R extends HttpResponse>(send: () => Promise<R>): Promise<Asked<R>> {
  const begin = Date.now();
  const response = await send().catch(() => undefined);
  const outcome = outcomeOf(response);
  return { outcome, response, unknownSince: outcome === 'unknown' ? begin : undefined };
}

const pauseMilliseconds = 300;

/** Sends a request until it is done or refused for good, or the deadline has passed, as a program does. */
export async function askUntil<R extends HttpResponse>(send: () => Promise<R>, deadline: number): Promise<Asked<R>> {
  let unknownSince: number | undefined;
  for (;;) {
    const asked = await ask(send);
    unknownSince ??= asked.unknownSince;
    const isOver = asked.outcome === 'done' || asked.outcome === 'wrong' || Date.now() + pauseMilliseconds > deadline;
    if (isOver) return { ...asked, unknownSince };
    await sleep(pauseMilliseconds);
  }
}

/** The text of a page or of a response in JSON, in one line. */
export const textOf = (body: string): string =>
  body
    .replaceAll(/<head>[^]*<\/head>|<[^>]*>|\s+/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
    .slice(0, 250);

export const describe = (response: HttpResponse | undefined): string =>
  response ? `${response.status} ${response.location ?? textOf(response.body)}` : 'nothing';
