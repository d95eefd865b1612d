/** Methods of oidc-provider's IdToken that are replaced. */
import type { Client, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { hasClaimsInIdToken } from '../permissions/claims.ts';

interface IdTokenModel {
  client: Client;
  ctx: KoaContextWithOIDC | undefined;
  /** Scopes whose claims the ID token holds, separated by spaces. */
  scope?: string;
  set(name: string, value: unknown): void;
  issue: (this: IdTokenModel, options?: { use?: string }) => Promise<string>;
}

interface AccessTokenModel {
  save: (this: AccessTokenModel) => Promise<string>;
}

interface Verified {
  header: { typ?: string };
}

interface Models {
  IdToken: { prototype: IdTokenModel; validate(jwt: string, client: object): Promise<Verified> };
  AccessToken: { prototype: AccessTokenModel };
}

/**
 * Gives each ID token `at_hash` when an access token is issued in the same response (OpenID Connect Core §3.1.3.6); the
 * library does so in hybrid flow only. For this, the value of each access token is kept until its request ends. Leaves
 * out the claims of the granted scopes unless the client gets them in the ID token.
 */
function replaceIssue({ IdToken, AccessToken }: Models, currentContext: () => object | undefined): void {
  const accessTokens = new WeakMap<object, string>();
  const { save } = AccessToken.prototype;
  AccessToken.prototype.save = async function saveAndKeepValue() {
    const value = await save.call(this);
    const ctx = currentContext();
    if (ctx) accessTokens.set(ctx, value);
    return value;
  };

  const { issue } = IdToken.prototype;
  IdToken.prototype.issue = async function issueWithClaims(options) {
    if (options?.use === 'idtoken' && this.ctx) {
      // Without an access token the ID token is the only place for claims (OpenID Connect Core §5.4).
      const isOnlyToken = this.ctx.oidc.params?.['response_type'] === 'id_token';
      if (!isOnlyToken && !hasClaimsInIdToken(this.client)) this.scope = 'openid';
      const accessToken = accessTokens.get(this.ctx);
      if (accessToken !== undefined) this.set('at_hash', accessToken);
    }
    return issue.call(this, options);
  };
}

/** Refuses logout tokens as `id_token_hint`: only `typ` distinguishes them from ID tokens (RFC 8725 §3.11). */
function replaceValidate({ IdToken }: Models): void {
  const validate = IdToken.validate.bind(IdToken);
  IdToken.validate = async (jwt, client) => {
    const verified = await validate(jwt, client);
    const { typ } = verified.header;
    if (typ !== undefined && typ !== 'JWT') throw new Error('not an ID token');
    return verified;
  };
}

/** @param currentContext returns the Koa context of the request that a token is issued in */
export function replaceIdTokenMethods(provider: Provider, currentContext: () => object | undefined): void {
  const models = provider as unknown as Models;
  replaceIssue(models, currentContext);
  replaceValidate(models);
}
