/** Pages that oidc-provider calls for: form post and errors. The pages for signing out are in sign-out-pages.ts. */
import type { Client, ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { Context } from 'koa';
import { homePageOf } from '../clients/client.ts';
import { hostOf } from './permissions/consent.ts';

/** Shows a view. `hasFormsToApp`: its forms are sent or redirected to an app, so the page has no CSP `form-action`. */
export type ShowPage = (
  ctx: Context,
  view: string,
  values: Record<string, unknown>,
  options?: { status?: number; hasFormsToApp?: boolean },
) => void;

interface Detail {
  name: string;
  value: string;
}

export interface ProtocolPages {
  show: ShowPage;
  showError: (ctx: KoaContextWithOIDC, out: ErrorOut, error: Error) => void;
  /** Sends an authorization response by a form (OAuth 2.0 Form Post Response Mode). */
  postToApp: (ctx: KoaContextWithOIDC, redirectUri: string, response: Record<string, unknown>) => void;
}

/**
 * Name and address of an app for a page. Anybody can link to these pages, so a self-registered app has only its host.
 */
export function siteOf(client: Client | undefined): { name?: string | undefined; uri?: string | undefined } {
  if (client?.['self_registered'] === true) return { name: hostOf(client.redirectUris?.[0]) };
  return { name: client?.clientName, uri: client && homePageOf(client.metadata()) };
}

/** Error codes that have a text of their own in `views/texts/en.json`. */
const codesWithText = new Set([
  'access_denied',
  'invalid_client',
  'invalid_redirect_uri',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'session_not_found',
  'unsupported_response_type',
]);

const maxUrlCharacters = 500;

/** A URL in percent-encoded form, so that it holds no readable sentence; undefined when it is not a URL. */
const addressOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? URL.parse(value)?.href.slice(0, maxUrlCharacters) : undefined;

/** Details of the error for the developers of a registered app. */
export function detailsOf({ oidc: { client, params = {} } }: KoaContextWithOIDC, out: ErrorOut): Detail[] {
  if (!client) return [];
  const details = {
    error: out.error,
    error_description: out.error_description,
    client_id: client.clientId,
    redirect_uri: addressOf(params['redirect_uri']),
    post_logout_redirect_uri: addressOf(params['post_logout_redirect_uri']),
  };
  return Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

export function createProtocolPages(show: ShowPage): ProtocolPages {
  return {
    show,

    postToApp(ctx, redirectUri, response) {
      const status = 'error' in response ? 400 : 200;
      const values = { action: redirectUri, fields: response, site: siteOf(ctx.oidc.client) };
      show(ctx, 'protocol/form-post', values, { status, hasFormsToApp: true });
    },

    showError(ctx, out, error) {
      if (error.name === 'SessionNotFound' && ctx.oidc.route === 'resume') {
        // The interaction's page says that it has ended or that the person is signed in, and links to the app.
        ctx.status = 303;
        ctx.redirect(`/interaction/${ctx.path.split('/').at(-1)}`);
        return;
      }
      const isFault = out.error === 'server_error';
      const code = error.name === 'SessionNotFound' ? 'session_not_found' : out.error;
      // Nobody can place text on this page: codes are from a fixed set, and descriptions do not quote the request.
      const values = {
        code,
        words: codesWithText.has(code) ? code : isFault ? 'fault' : 'other',
        site: siteOf(ctx.oidc.client),
        details: isFault ? [] : detailsOf(ctx, out),
      };
      show(ctx, 'error', values, { status: ctx.status });
    },
  };
}
