/** One spelling for every address, so that no guard can be walked around by writing it in another way. */
import type { Middleware } from 'koa';
import { Refusal } from '../../errors.ts';

/**
 * The library's router takes any case and a slash at the end; ours does not, and nothing in front of them should have
 * to know. Names in the address (of an interaction) keep their case.
 *
 * @throws Refusal `not_found`
 */
export function exactAddress(): Middleware {
  return (ctx, next) => {
    const [, first = '', second = ''] = ctx.path.split('/');
    const isNamed = ctx.path === '/' || !ctx.path.endsWith('/');
    const isLower = [first, first === 'interaction' ? '' : second].every((part) => part === part.toLowerCase());
    if (!isNamed || !isLower || ctx.path.includes('//') || ctx.path.includes('%')) throw new Refusal('not_found');
    return next();
  };
}
