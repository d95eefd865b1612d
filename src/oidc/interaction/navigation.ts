/** Requires that a sign-in is started by a top-level navigation of the browser. */
import type { Context } from 'koa';
import { Refusal } from '../../errors.ts';

/**
 * Whether a request is a top-level navigation and not a prefetch (Fetch Metadata, Sec-Purpose). Images, frames and
 * prefetched links of any page could start sign-ins that nobody sees. Without these headers a request counts as a
 * navigation.
 */
export function isNavigation(ctx: Context): boolean {
  const [mode, destination, purpose] = ['Sec-Fetch-Mode', 'Sec-Fetch-Dest', 'Sec-Purpose'].map((name) => ctx.get(name));
  const isTopLevel = (mode === '' || mode === 'navigate') && (destination === '' || destination === 'document');
  return ctx.method === 'GET' && isTopLevel && !purpose!.startsWith('prefetch');
}

/**
 * Requires a navigation, except with `prompt=none`, which shows no page and works in a frame too (OpenID Connect Core
 * §3.1.2.1).
 *
 * @throws Refusal `navigation_required`
 */
export function requireNavigation(ctx: Context, prompt: unknown): void {
  if (prompt !== 'none' && !isNavigation(ctx)) throw new Refusal('navigation_required');
}
