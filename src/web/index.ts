/** The address book: everything a request passes, in order, and every page of ours. */
import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { createCookieSigner } from '../oidc/cookies.ts';
import { pinOrigin } from '../oidc/pin-origin.ts';
import { activityPage } from './account/activity.ts';
import { appsPage } from './account/apps.ts';
import { devicesPage } from './account/devices.ts';
import { accountGuard, createShowAccountPage } from './account/guard.ts';
import { overviewPage } from './account/overview.ts';
import { createAccountSignIn, ownCallbackPage } from './account/own-sign-in.ts';
import { cancelPage } from './interaction/cancel.ts';
import { consentPage } from './interaction/consent.ts';
import { createInteractionPages } from './interaction/pages.ts';
import { passwordPage } from './interaction/password.ts';
import { showPage } from './interaction/show.ts';
import { assets } from './middleware/assets.ts';
import { cookieFlags } from './middleware/cookies.ts';
import { cors } from './middleware/cors.ts';
import { errors } from './middleware/errors.ts';
import { requireExactPath, requireIssuerHost } from './middleware/exact-address.ts';
import { rateLimit } from './middleware/rate-limit.ts';
import { publicDocuments } from './middleware/public-documents.ts';
import { noReferrerOnLogout, securityHeaders } from './middleware/security-headers.ts';
import { requestLog } from './middleware/request-log.ts';
import { sameOrigin } from './middleware/same-origin.ts';
import { unitOfWork } from './middleware/unit-of-work.ts';
import { healthPages, type Readiness } from './ops/health.ts';
import type { ProtocolOptions } from '../oidc/conformance-profile.ts';
import { registrationPages } from './oauth/register.ts';
import { createShowPage } from './page.ts';
import type { Services } from './services.ts';
import { receiptPage } from './sign-out/receipt.ts';
import { createSignOut } from './sign-out/sign-out.ts';
import { welcomePage } from './visitor/welcome.ts';

export interface WebOptions {
  /** How many proxies in front of us add to X-Forwarded-For. */
  trustedProxies: number;
  /** Multiplies every rate limit. */
  rateLimitFactor: number;
  readiness: Readiness;
  protocol: ProtocolOptions;
}

/** The guard of every prefix of ours; the protocol's own addresses are called by apps, from other origins. */
const onlyUnder = (prefix: string, guard: Middleware): Middleware => {
  return (ctx, next) => (ctx.path === prefix || ctx.path.startsWith(`${prefix}/`) ? guard(ctx, next) : next());
};

export function createWeb(services: Services, options: WebOptions): Koa {
  const { issuer, log, db, keyring, views, oidc } = services;
  const app = new Koa({ proxy: options.trustedProxies > 0, maxIpsCount: options.trustedProxies });
  app.keys = createCookieSigner(keyring);
  app.on('error', (error: Error) => log.error({ err: error }, 'fault'));
  pinOrigin(issuer, app);

  const router = new Router({ strict: true, sensitive: true, exclusive: true });
  const interactionPages = createInteractionPages(services);
  healthPages(router, services, options.readiness);
  welcomePage(router, services);
  showPage(router, services, interactionPages);
  passwordPage(router, services, interactionPages);
  consentPage(router, services, interactionPages);
  cancelPage(router, services, interactionPages);
  const accountSignIn = createAccountSignIn(services);
  const signOut = createSignOut(services);
  const showAccount = createShowAccountPage(services, createShowPage(views));
  ownCallbackPage(router, services);
  overviewPage(router, services, showAccount);
  devicesPage(router, services, showAccount, signOut);
  appsPage(router, services, showAccount);
  activityPage(router, services, showAccount);
  receiptPage(router, services);
  if (options.protocol.hasClientRegistration) registrationPages(router, services, options.protocol);

  app.use(requestLog(log));
  app.use(cookieFlags(issuer));
  app.use(securityHeaders(issuer));
  app.use(errors(services));
  app.use(requireIssuerHost(issuer));
  app.use(noReferrerOnLogout());
  app.use(assets(views));
  app.use(requireExactPath());
  app.use(publicDocuments(oidc, services.policy));
  for (const prefix of ['/interaction', '/account']) app.use(onlyUnder(prefix, sameOrigin(issuer)));
  app.use(rateLimit(options.rateLimitFactor, issuer, oidc));
  app.use(cors(db));
  app.use(signOut.middleware);
  app.use(unitOfWork(db));
  app.use(onlyUnder('/account', accountGuard(services, accountSignIn)));
  app.use(router.routes());
  app.use(oidc.middleware);
  return app;
}
