/**
 * Site A: a traditional web application. It signs people in with the authorization code flow and keeps a session of its
 * own, in an http-only cookie.
 */
import Koa, { type Context } from 'koa';
import Router from '@koa/router';
import * as oidc from 'openid-client';
import { createLogoutTokenCheck } from './back-channel-logout.ts';
import { problemPage, signedInPage, signedOutPage, style } from './pages.ts';
import { createSessions, type PendingSignIn, type SiteSession } from './sessions.ts';

const { ISSUER, SITE_URL, CLIENT_ID, CLIENT_SECRET, PORT } = process.env as Record<string, string>;
const site = new URL(SITE_URL!);
const callback = new URL('/callback', site).href;
const isSecure = site.protocol === 'https:';

const sessions = createSessions<SiteSession>();
const signIns = createSessions<PendingSignIn>();
// On https, begin these names with __Host-, so that another host of the domain cannot set the cookies.
const sessionCookie = 'site_a_session';
const signInCookie = 'site_a_sign_in';
const cookieFlags = { httpOnly: true, sameSite: 'lax', secure: isSecure, signed: false } as const;

let checkLogoutToken: ReturnType<typeof createLogoutTokenCheck> | undefined;
let discovered: Promise<oidc.Configuration> | undefined;

/** Frontdesk's discovery document: fetched once, and again after a failure. */
function frontdesk(): Promise<oidc.Configuration> {
  const options = isSecure ? {} : { execute: [oidc.allowInsecureRequests] };
  discovered ??= oidc.discovery(new URL(ISSUER!), CLIENT_ID!, CLIENT_SECRET, undefined, options);
  discovered.catch(() => (discovered = undefined));
  return discovered;
}

async function startSignIn(ctx: Context): Promise<void> {
  const codeVerifier = oidc.randomPKCECodeVerifier();
  const signIn = { state: oidc.randomState(), nonce: oidc.randomNonce(), codeVerifier, startedAt: Date.now() };
  const address = oidc.buildAuthorizationUrl(await frontdesk(), {
    redirect_uri: callback,
    scope: 'openid profile email',
    code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    state: signIn.state,
    nonce: signIn.nonce,
  });
  ctx.cookies.set(signInCookie, signIns.add(signIn), cookieFlags);
  ctx.redirect(address.href);
}

async function finishSignIn(ctx: Context): Promise<void> {
  const signIn = signIns.take(ctx.cookies.get(signInCookie));
  ctx.cookies.set(signInCookie, null, cookieFlags);
  // An authorization response without a sign-in of this browser may be another person's.
  if (!signIn) throw new Error('This sign-in was not started in this browser, or is already finished.');
  const config = await frontdesk();
  // Checks state, iss and the ID token (signature, issuer, audience, nonce, times), and sends the PKCE verifier.
  const tokens = await oidc.authorizationCodeGrant(config, new URL(ctx.href), {
    expectedState: signIn.state,
    expectedNonce: signIn.nonce,
    pkceCodeVerifier: signIn.codeVerifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims()!;
  const { name, email } = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  const isRecognised = Number(claims['auth_time']) * 1000 < signIn.startedAt - 1000;
  // A new session id for each sign-in, against session fixation.
  sessions.take(ctx.cookies.get(sessionCookie));
  const session = { claims, person: { name, email }, idToken: tokens.id_token!, isRecognised };
  ctx.cookies.set(sessionCookie, sessions.add(session), cookieFlags);
  ctx.redirect('/');
}

const router = new Router();

router.get('/', (ctx) => {
  const session = sessions.find(ctx.cookies.get(sessionCookie));
  ctx.body = session ? signedInPage(session) : signedOutPage();
});

router.get('/sign-in', startSignIn);

router.get('/callback', async (ctx) => {
  try {
    await finishSignIn(ctx);
  } catch (error) {
    ctx.status = 400;
    const isCancelled = error instanceof oidc.AuthorizationResponseError && error.error === 'access_denied';
    ctx.body = problemPage(isCancelled ? 'You cancelled the sign-in.' : (error as Error).message);
  }
});

/** Receives a logout token: ends the sessions of this site that began with the ended session of Frontdesk. */
router.post('/back-channel-logout', async (ctx) => {
  ctx.set('Cache-Control', 'no-store');
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) chunks.push(chunk);
  const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token') ?? '';
  try {
    checkLogoutToken ??= createLogoutTokenCheck(ISSUER!, CLIENT_ID!, (await frontdesk()).serverMetadata().jwks_uri!);
    const { sid, sub } = await checkLogoutToken(token);
    sessions.removeWhere(({ claims }) => (sid === undefined ? claims['sub'] === sub : claims['sid'] === sid));
    ctx.status = 200;
  } catch (error) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_request', error_description: (error as Error).message };
  }
});

/** Ends the session of this site only. */
router.post('/sign-out', (ctx) => {
  sessions.take(ctx.cookies.get(sessionCookie));
  ctx.cookies.set(sessionCookie, null, cookieFlags);
  ctx.status = 303;
  ctx.redirect('/');
});

/** Ends the session of this site and the session of Frontdesk (OpenID Connect RP-Initiated Logout 1.0). */
router.post('/sign-out-everywhere', async (ctx) => {
  const session = sessions.take(ctx.cookies.get(sessionCookie));
  ctx.cookies.set(sessionCookie, null, cookieFlags);
  const address = oidc.buildEndSessionUrl(await frontdesk(), {
    post_logout_redirect_uri: new URL('/', site).href,
    ...(session && { id_token_hint: session.idToken }),
  });
  ctx.status = 303;
  ctx.redirect(address.href);
});

router.get('/style.css', (ctx) => {
  ctx.type = 'css';
  ctx.body = style;
});

const app = new Koa();

app.use(async (ctx, next) => {
  ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'");
  ctx.set('Cache-Control', 'no-store');
  ctx.set('X-Content-Type-Options', 'nosniff');
  // Forms of other sites must not sign anybody out. Frontdesk's logout token comes without this header.
  const from = ctx.get('Sec-Fetch-Site');
  if (ctx.method === 'POST' && from !== '' && from !== 'same-origin') ctx.throw(403);
  await next();
});
app.use(router.routes());
app.listen(Number(PORT), '127.0.0.1', () => console.log(`site-a is at ${site.origin}`));
