/** `/oauth/register`: apps register themselves (RFC 7591); `/oauth/register/:clientId`: and manage that (RFC 7592). */
import type { Context } from 'koa';
import {
  requireOwnRegistration,
  selfRegisterClient,
  requireRegistrationToken,
  updateOwnRegistration,
  type OwnRegistration,
  type SelfRegistrationContext,
} from '../../clients/self-registration.ts';
import { Refusal, refusalText, type RefusalCode } from '../../errors.ts';
import { removeClient } from '../../clients/remove-client.ts';
import { registrationPath } from '../../oidc/configuration/configuration.ts';
import { mayLinkToOtherHosts, type ProtocolOptions } from '../../oidc/conformance-profile.ts';
import { epoch } from '../../oidc/protocol-context.ts';
import { readJson } from '../form.ts';
import { logRefusal } from '../middleware/errors.ts';
import { pathParameter, type Handler } from '../route.ts';
import type { Services } from '../services.ts';

/** Refusal → error code of RFC 7591 §3.2.2 or RFC 6750 §3.1. */
const codes: Partial<Record<RefusalCode, string>> = {
  client_invalid: 'invalid_client_metadata',
  json_invalid: 'invalid_client_metadata',
  management_token_wrong: 'invalid_token',
  redirect_uri_invalid: 'invalid_redirect_uri',
  redirect_uri_required: 'invalid_redirect_uri',
  too_many_redirect_uris: 'invalid_redirect_uri',
  registration_token_wrong: 'invalid_token',
};

/** The bearer token in the Authorization header (RFC 6750 §2.1). A token in the query is not accepted. */
const bearerOf = (ctx: Context): string | undefined => /^Bearer ([\w.~+/-]+=*)$/i.exec(ctx.get('Authorization'))?.[1];

export interface RegistrationHandlers {
  /** RFC 7591 §3.1 */
  register: Handler;
  /** RFC 7592 §2.1 */
  read: Handler;
  /** RFC 7592 §2.2 */
  update: Handler;
  /** RFC 7592 §2.3 */
  remove: Handler;
}

export function createRegistration(services: Services, protocol: ProtocolOptions): RegistrationHandlers {
  const { db, keyring, issuer, oidc, texts } = services;
  const context: SelfRegistrationContext = {
    db,
    keyring,
    issuer,
    validate: (metadata) => oidc.validateClient(metadata),
    mayLinkToOtherHosts: mayLinkToOtherHosts(protocol),
  };

  /** Runs `work`, and responds to a refusal that has a code in `codes`; other errors are thrown on. */
  async function respondToRefusals(ctx: Context, work: () => Promise<void>): Promise<void> {
    ctx.set('Cache-Control', 'no-store');
    try {
      await work();
    } catch (error) {
      const code = error instanceof Refusal ? codes[error.code] : undefined;
      if (!(error instanceof Refusal) || code === undefined) throw error;
      logRefusal(services.log, ctx, error);
      ctx.status = error.status;
      if (error.status === 401) {
        // RFC 6750 §3.1: no error code when no token was sent.
        const detail = bearerOf(ctx) === undefined ? '' : `, error="${code}"`;
        ctx.set('WWW-Authenticate', `Bearer realm="${issuer}"${detail}`);
      }
      ctx.body = { error: code, error_description: refusalText(texts, error) };
    }
  }

  /** Sends the client information response (RFC 7591 §3.2.1, RFC 7592 §3). A secret is sent once, when it is new. */
  function sendRegistration(
    ctx: Context,
    { id, metadata, createdAt, secret }: OwnRegistration,
    managementToken: string,
  ): void {
    ctx.body = {
      ...metadata,
      client_id: id,
      client_id_issued_at: epoch(createdAt),
      ...(secret !== undefined && { client_secret: secret, client_secret_expires_at: 0 }),
      registration_client_uri: `${issuer}${registrationPath}/${id}`,
      registration_access_token: managementToken,
    };
  }

  return {
    register: (ctx) =>
      respondToRefusals(ctx, async () => {
        const token = bearerOf(ctx);
        // The token is checked before the body is read: without it nobody makes this server fetch or store anything.
        await requireRegistrationToken(context, token);
        const { managementToken, ...registration } = await selfRegisterClient(context, token!, await readJson(ctx));
        ctx.status = 201;
        sendRegistration(ctx, registration, managementToken);
      }),

    read: (ctx) =>
      respondToRefusals(ctx, async () => {
        const client = await requireOwnRegistration(context, pathParameter(ctx, 'clientId'), bearerOf(ctx));
        sendRegistration(ctx, client, bearerOf(ctx)!);
      }),

    update: (ctx) =>
      respondToRefusals(ctx, async () => {
        const client = await requireOwnRegistration(context, pathParameter(ctx, 'clientId'), bearerOf(ctx));
        sendRegistration(ctx, await updateOwnRegistration(context, client, await readJson(ctx)), bearerOf(ctx)!);
      }),

    remove: (ctx) =>
      respondToRefusals(ctx, async () => {
        const { id } = await requireOwnRegistration(context, pathParameter(ctx, 'clientId'), bearerOf(ctx));
        await removeClient(db, id, 'program');
        ctx.status = 204;
      }),
  };
}
