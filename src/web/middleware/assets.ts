/** Serves stylesheets, scripts and images, whose addresses contain a hash: browsers cache them for a year. */
import type { Middleware } from 'koa';
import type { Views } from '../../platform/views.ts';

export function assets(views: Views): Middleware {
  return (ctx, next) => {
    const asset = ctx.method === 'GET' || ctx.method === 'HEAD' ? views.assets.get(ctx.path) : undefined;
    if (!asset) return next();
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.set('Content-Type', asset.type);
    ctx.body = asset.body;
    return undefined;
  };
}
