/** Request objects (OpenID Connect Core §6, RFC 9101): unsigned ones, and those passed by `request_uri`. */
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Context, Middleware } from 'koa';
import { findCachedClient, type StoredClient } from '../../clients/client-repository.ts';
import { Refusal } from '../../errors.ts';
import type { Database } from '../../platform/database.ts';
import { OutgoingFailed } from '../../platform/outgoing-target.ts';
import type { CallsFor } from '../calls-for.ts';
import { createClientFetch } from './client-fetch.ts';
import { acceptsUnsignedRequests, type ProtocolOptions } from '../conformance-profile.ts';

/** Asymmetric algorithms only: a signature with the client secret cannot be verified by the secret's digest. */
export const requestObjectAlgorithms = ['RS256', 'PS256', 'ES256', 'Ed25519'] as const;

const discoveryPaths = new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']);
const pushedPrefix = 'urn:ietf:params:oauth:request_uri:';

export interface RequestObjectInput {
  db: Database;
  callsFor: CallsFor;
  protocol: ProtocolOptions;
}

/** Maximum length of a fetched request object: the same as in a URL, since Node accepts 16 KiB of headers. */
const maxCharacters = 16 * 1024;

const nonEmptyString = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const parameterText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Whether a JWT has `alg: none`; false for a malformed JWT, which the library refuses. */
function isUnsigned(jwt: string): boolean {
  try {
    return decodeProtectedHeader(jwt).alg === 'none' && jwt.endsWith('.');
  } catch {
    return false;
  }
}

/**
 * The parameters in an unsigned request object, which are trusted no more than parameters in the URL. Those in the URL
 * are ignored (RFC 9101 §6.3).
 *
 * @throws Refusal `request_object_invalid` when it is no JWT, holds another request object, or names another client
 */
function parametersIn(jwt: string, client: StoredClient): Record<string, string> {
  let claims: Record<string, unknown>;
  try {
    claims = decodeJwt(jwt);
  } catch {
    throw new Refusal('request_object_invalid');
  }
  const { request, request_uri: uri, client_id: id = client.id, ...parameters } = claims;
  if (request !== undefined || uri !== undefined || id !== client.id) throw new Refusal('request_object_invalid');
  const all = Object.entries({ ...parameters, client_id: client.id });
  return Object.fromEntries(all.map(([name, value]) => [name, parameterText(value)]));
}

/**
 * Middleware that runs before the library, which supports signed request objects in `request` only. When the request
 * object cannot be fetched, no redirect URI is known, so the person sees a page.
 *
 * @throws Refusal `request_uri_unknown`, `request_uri_unreachable`, `request_object_invalid`
 */
export function requestObjects({ db, callsFor, protocol }: RequestObjectInput): Middleware {
  const fetch = createClientFetch(callsFor);

  async function load(uri: string, client: StoredClient | undefined): Promise<string> {
    const registered = client?.metadata['request_uris'];
    // Only registered URIs are fetched (OpenID Connect Core §6.2): otherwise anybody could make Frontdesk call any
    // address.
    if (!client || !Array.isArray(registered) || !registered.includes(uri)) throw new Refusal('request_uri_unknown');
    const headers = { accept: 'application/oauth-authz-req+jwt, application/jwt' };
    const response = await fetch(client, uri, { headers }).catch((error: unknown) => {
      if (!(error instanceof OutgoingFailed)) throw error;
      throw new Refusal('request_uri_unreachable', { clientId: client.id, problem: error.problem });
    });
    if (response.status !== 200) {
      throw new Refusal('request_uri_unreachable', { clientId: client.id, problem: `status_${response.status}` });
    }
    const request = (await response.text()).trim();
    // The length is limited because the request object is stored with the interaction.
    if (request.length > maxCharacters) throw new Refusal('request_object_invalid');
    return request;
  }

  async function replaceRequest(ctx: Context): Promise<void> {
    const { client_id: id, request: byValue, request_uri: reference, ...others } = ctx.query;
    // The library rejects a request with both parameters, and one with the same parameter twice.
    if (byValue !== undefined && reference !== undefined) return;
    const [uri, value] = [nonEmptyString(reference), nonEmptyString(byValue)];
    const isReference = uri !== undefined && !uri.startsWith(pushedPrefix);
    if (!isReference && (value === undefined || !isUnsigned(value))) return;
    const client = nonEmptyString(id) === undefined ? undefined : await findCachedClient(db, nonEmptyString(id)!);
    const request = isReference ? await load(uri, client) : value!;
    const algorithm = client?.metadata['request_object_signing_alg'] ?? 'none';
    if (client && isUnsigned(request) && acceptsUnsignedRequests(protocol) && algorithm === 'none') {
      ctx.query = parametersIn(request, client);
    } else {
      ctx.query = { ...others, client_id: id, request };
    }
  }

  return async (ctx, next) => {
    if (ctx.path === '/oauth/authorize' && ctx.method === 'GET') await replaceRequest(ctx);
    await next();
    // The library's metadata says that request_uri is not supported.
    if (discoveryPaths.has(ctx.path) && ctx.status === 200) {
      const document = ctx.body as Record<string, unknown>;
      Object.assign(document, { request_uri_parameter_supported: true, require_request_uri_registration: true });
      const name = 'request_object_signing_alg_values_supported';
      if (acceptsUnsignedRequests(protocol)) document[name] = [...(document[name] as string[]), 'none'];
    }
  };
}
