/** Which requests may start a sign-in: those of a page that the browser shows. */
import type { Context } from 'koa';
import { Refusal } from '../../errors.ts';

/**
 * Whether the browser is about to show the answer as a page (Fetch Metadata, Sec-Purpose). A page could have pictures,
 * frames or prefetched links start any number of sign-ins unseen. Browsers that send no such header are believed.
 */
function isNavigation(ctx: Context): boolean {
  const [mode, destination, purpose] = ['Sec-Fetch-Mode', 'Sec-Fetch-Dest', 'Sec-Purpose'].map((name) => ctx.get(name));
  const isShown = (mode === '' || mode === 'navigate') && (destination === '' || destination === 'document');
  return ctx.method === 'GET' && isShown && !purpose!.startsWith('prefetch');
}

/**
 * `prompt=none` starts nothing, so it works in a frame too (OpenID Connect Core §3.1.2.1).
 *
 * @throws Refusal `navigation_required`
 */
export function requireNavigation(ctx: Context, prompt: unknown): void {
  if (prompt !== 'none' && !isNavigation(ctx)) throw new Refusal('navigation_required');
}
