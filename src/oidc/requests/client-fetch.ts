/** How the protocol fetches what clients name in their metadata: keys, sector documents. */
import type { Configuration } from 'oidc-provider';
import type { Outgoing, OutgoingAnswer } from '../../platform/outgoing.ts';

const againSeconds = 60;
const maxRemembered = 500;

/** What an address answered, or why it did not. */
type Outcome = { answer: OutgoingAnswer } | { error: unknown };

/**
 * One call a minute and address, failures included: whoever sends us tokens with unknown keys does not make us a
 * nuisance to others, or slow.
 */
export function createClientFetch(outgoing: Outgoing): NonNullable<Configuration['fetch']> {
  const remembered = new Map<string, { at: number; outcome: Promise<Outcome> }>();

  function fetchOnce(url: string, headers: Record<string, string>): Promise<Outcome> {
    const known = remembered.get(url);
    if (known && known.at > Date.now() - againSeconds * 1000) return known.outcome;
    const outcome: Promise<Outcome> = outgoing.get(url, headers).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    );
    remembered.delete(url);
    remembered.set(url, { at: Date.now(), outcome });
    const [oldest] = remembered.keys();
    if (remembered.size > maxRemembered) remembered.delete(oldest!);
    return outcome;
  }

  return async (url, options) => {
    const headers = Object.fromEntries(new Headers(options?.headers));
    const outcome = await fetchOnce(new URL(url).href, headers);
    if ('error' in outcome) throw outcome.error;
    const { status, headers: answered, body } = outcome.answer;
    return new Response(status === 204 ? null : body, { status, headers: answered });
  };
}
