/** The routing table of Frontdesk, and the middleware that every request passes, in order. */
import type { RequestListener } from 'node:http';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { registrationPath } from '../oidc/configuration/configuration.ts';
import type { ProtocolOptions } from '../oidc/conformance-profile.ts';
import { createCookieSigner } from '../oidc/cookies.ts';
import { pinOrigin } from '../oidc/pin-origin.ts';
import { showActivity } from './account/activity.ts';
import { remove as removeApp, showApps } from './account/apps.ts';
import { createAccountSignIn, finishSignIn } from './account/callback.ts';
import * as devices from './account/devices.ts';
import { accountGuard, createShowAccountPage } from './account/guard.ts';
import { showOverview } from './account/overview.ts';
import * as signIns from './account/sign-ins.ts';
import { cancel } from './interaction/cancel.ts';
import { allow } from './interaction/consent.ts';
import { continueWithAccount } from './interaction/continue.ts';
import { createInteractionPages } from './interaction/pages.ts';
import { signIn } from './interaction/password.ts';
import { showInteraction } from './interaction/show.ts';
import { assets } from './middleware/assets.ts';
import { cookieFlags } from './middleware/cookies.ts';
import { cors } from './middleware/cors.ts';
import { errors } from './middleware/errors.ts';
import { requireExactPath, requireIssuerHost } from './middleware/exact-address.ts';
import { createOverload, type Load, type OverloadOptions } from './middleware/overload.ts';
import { redirectPostToGet } from './middleware/redirect-post-to-get.ts';
import { publicDocuments } from './middleware/public-documents.ts';
import { rateLimit } from './middleware/rate-limit.ts';
import { requestLog } from './middleware/request-log.ts';
import { requireSameOrigin } from './middleware/same-origin.ts';
import { noReferrerOnLogout, securityHeaders } from './middleware/security-headers.ts';
import { unitOfWork } from './middleware/unit-of-work.ts';
import { createRegistration } from './oauth/register.ts';
import { live, ready, type Readiness } from './ops/health.ts';
import { createShowPage } from './page.ts';
import { route, type Guard, type Route } from './route.ts';
import type { Services } from './services.ts';
import { showReceipt } from './sign-out/receipt.ts';
import { createSignOut, type SignOut } from './sign-out/sign-out.ts';
import { sendFavicon } from './visitor/favicon.ts';
import { showWelcome } from './visitor/welcome.ts';

export interface WebOptions {
  /** Number of reverse proxies that add to X-Forwarded-For. */
  trustedProxies: number;
  /** Multiplies every rate limit. */
  rateLimitFactor: number;
  readiness: Readiness;
  protocol: ProtocolOptions;
  overload: OverloadOptions;
}

/**
 * Every route of Frontdesk's own. The endpoints of the protocol are oidc-provider's
 * (oidc/configuration/configuration.ts).
 */
export function listRoutes(services: Services, { readiness, protocol }: WebOptions, signOut: SignOut): Route[] {
  const pages = createInteractionPages(services);
  const show = createShowAccountPage(services, createShowPage(services.views));
  const registration = createRegistration(services, protocol);
  // The client configuration endpoint of RFC 7592.
  const clientConfigurationPath = `${registrationPath}/:clientId`;
  return [
    route('GET', '/', 'public', 'visitor/welcome', showWelcome(services)),
    route('GET', '/favicon.ico', 'public', 'redirect', sendFavicon(services)),
    route('GET', '/healthz', 'public', 'text', live),
    route('GET', '/readyz', 'public', 'text', ready(services, readiness)),

    route('GET', '/interaction/:uid', 'interaction', 'interaction/password', showInteraction(services, pages)),
    route('POST', '/interaction/:uid/password', 'interaction', 'redirect', signIn(services, pages)),
    route('POST', '/interaction/:uid/continue', 'interaction', 'redirect', continueWithAccount(services, pages)),
    route('POST', '/interaction/:uid/consent', 'interaction', 'redirect', allow(services, pages)),
    route('POST', '/interaction/:uid/cancel', 'interaction', 'redirect', cancel(services, pages)),

    route('GET', '/account', 'account', 'account/overview', showOverview(services, show)),
    route('GET', '/account/callback', 'public', 'redirect', finishSignIn(services)),
    route('GET', '/account/devices', 'account', 'account/devices', devices.showDevices(services, show)),
    route('POST', '/account/devices/end-others', 'account', 'redirect', devices.endOthers(services)),
    route('POST', '/account/devices/end-all', 'account', 'redirect', devices.endAll(services, signOut)),
    route('POST', '/account/devices/:uid/end', 'account', 'redirect', devices.endOne(services, signOut)),
    route('GET', '/account/apps', 'account', 'account/apps', showApps(services, show)),
    route('POST', '/account/apps/:id/remove', 'account', 'redirect', removeApp(services)),
    route('GET', '/account/activity', 'account', 'account/activity', showActivity(services, show)),
    route('GET', '/account/sign-ins/:id', 'account', 'account/sign-in', signIns.showSignIn(services, show)),
    route(
      'POST',
      '/account/sign-ins/:id/revoke-access',
      'account',
      'redirect',
      signIns.revokeAccess(services, signOut),
    ),
    route('POST', '/account/sign-out', 'account', 'redirect', devices.endThis(signOut)),
    route('GET', '/sign-out/receipt/:token', 'public', 'sign-out/receipt', showReceipt(services)),

    ...(protocol.hasClientRegistration
      ? [
          route('POST', registrationPath, 'bearer', 'json', registration.register),
          route('GET', clientConfigurationPath, 'bearer', 'json', registration.read),
          route('PUT', clientConfigurationPath, 'bearer', 'json', registration.update),
          route('DELETE', clientConfigurationPath, 'bearer', 'json', registration.remove),
        ]
      : []),
  ];
}

function createRouter(services: Services, routes: Route[]): Router {
  const sameOrigin = requireSameOrigin(services.issuer);
  const guards: Record<Guard, Middleware[]> = {
    public: [],
    interaction: [sameOrigin],
    account: [sameOrigin, accountGuard(services, createAccountSignIn(services))],
    bearer: [],
  };
  const router = new Router({ strict: true, sensitive: true, exclusive: true });
  for (const { method, path, guard, handle } of routes) {
    router.register(path, method === 'GET' ? ['HEAD', 'GET'] : [method], [...guards[guard], handle]);
  }
  return router;
}

export interface Web {
  /** For `createServer`. */
  handle: RequestListener;
  load(): Load;
}

export function createWeb(services: Services, options: WebOptions): Web {
  const { issuer, log, db, keyring, views, oidc } = services;
  const app = new Koa({ proxy: options.trustedProxies > 0, maxIpsCount: options.trustedProxies });
  app.keys = createCookieSigner(keyring);
  app.on('error', (error: Error, ctx?: Context) => {
    // A client that goes away in the middle of a request, or breaks off its HTTP, is no fault of this program.
    if (ctx?.req.socket.errored !== error) log.error({ err: error }, 'fault');
  });
  pinOrigin(issuer, app);

  const signOut = createSignOut(services);
  const routes = listRoutes(services, options, signOut);
  const secure = securityHeaders(issuer);
  const overload = createOverload(services, secure, options.overload);
  app.use(overload.middleware);
  app.use(requestLog(log));
  app.use(cookieFlags(issuer));
  app.use(secure);
  app.use(errors(services));
  app.use(requireIssuerHost(issuer));
  app.use(noReferrerOnLogout());
  app.use(assets(views));
  app.use(requireExactPath());
  app.use(publicDocuments(oidc, services.policy));
  app.use(redirectPostToGet(keyring));
  app.use(rateLimit(options.rateLimitFactor, issuer, oidc));
  app.use(cors(db));
  app.use(signOut.middleware);
  app.use(unitOfWork(db));
  app.use(createRouter(services, routes).routes());
  app.use(oidc.middleware);
  const handleByKoa = app.callback();
  return {
    handle(request, response) {
      if (!overload.refuseAtOnce(request, response)) void handleByKoa(request, response);
    },
    load: () => overload.load(),
  };
}
