/** What a response says about the request: whether it was carried out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadTexts } from '../../src/platform/texts.ts';
import type { HttpResponse } from '../support/browser.ts';

/**
 * `done`: acknowledged; `unavailable`: not done, to be repeated (503); `unknown`: done or not, since the connection
 * broke or the server does not know; `refused`: not done, and a repetition would not help (4xx).
 */
export type Outcome = 'done' | 'unavailable' | 'unknown' | 'refused';

const outcomeUnknown = loadTexts()('refusals.outcome_unknown');

export function outcomeOf(response: HttpResponse | undefined): Outcome {
  if (!response) return 'unknown';
  const { status, body } = response;
  if (status < 400) return 'done';
  if (status < 500) return 'refused';
  return status === 503 && !body.includes(outcomeUnknown) ? 'unavailable' : 'unknown';
}

export interface Attempt<R extends HttpResponse> {
  outcome: Outcome;
  response: R | undefined;
  /** When the first attempt of unknown outcome was sent (`Date.now()`); undefined when there was none. */
  unknownSince: number | undefined;
}

/** Sends a request once. */
export async function attempt<R extends HttpResponse>(send: () => Promise<R>): Promise<Attempt<R>> {
  const begin = Date.now();
  const response = await send().catch(() => undefined);
  const outcome = outcomeOf(response);
  return { outcome, response, unknownSince: outcome === 'unknown' ? begin : undefined };
}

const pauseMilliseconds = 300;

/** Repeats a request, as a program does, until it is done or refused, or the deadline (`Date.now()`) has passed. */
export async function retry<R extends HttpResponse>(send: () => Promise<R>, deadline: number): Promise<Attempt<R>> {
  let unknownSince: number | undefined;
  for (;;) {
    const last = await attempt(send);
    unknownSince ??= last.unknownSince;
    const isOver = last.outcome === 'done' || last.outcome === 'refused' || Date.now() + pauseMilliseconds > deadline;
    if (isOver) return { ...last, unknownSince };
    await sleep(pauseMilliseconds);
  }
}

/** The text of a page or of a JSON response in one line, of 250 characters at most. */
export const textOf = (body: string): string =>
  body
    .replaceAll(/<head>[^]*<\/head>|<[^>]*>|\s+/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
    .slice(0, 250);

export const describe = (response: HttpResponse | undefined): string =>
  response ? `${response.status} ${response.location ?? textOf(response.body)}` : 'nothing';
