/** The pages of an interaction: sign-in, consent, and the page for an expired one. */
import type { Context } from 'koa';
import { findAccount } from '../../accounts/account-repository.ts';
import { displayName } from '../../accounts/account.ts';
import { findClient } from '../../clients/client-repository.ts';
import { homePageOf, type Client } from '../../clients/client.ts';
import { logoOf, webHostsOf } from '../../clients/client-uri.ts';
import { Refusal, refusalText } from '../../errors.ts';
import type { PendingInteraction } from '../../oidc/interaction/pending-interaction.ts';
import { createFormTokens, type Form } from '../form.ts';
import { allowPicture } from '../middleware/security-headers.ts';
import { createShowPage } from '../page.ts';
import { toPermissionView } from '../view-models.ts';
import type { Services } from '../services.ts';

/**
 * Name, links and logo of an app. Those of an app that registered itself are shown only when they are on the host the
 * person goes to, since nobody has checked its metadata.
 */
function siteOf({ metadata, isSelfRegistered }: Client, returnHost: string) {
  const isThere = (uri: string | undefined) =>
    webHostsOf([uri]).some((host) => returnHost === host || returnHost.startsWith(`${host}:`));
  const shown = (uri: string | undefined) => (!isSelfRegistered || isThere(uri) ? uri : undefined);
  return {
    name: metadata.client_name,
    uri: shown(homePageOf(metadata)),
    logo: shown(logoOf(metadata)),
    policy: metadata['policy_uri'],
    terms: metadata['tos_uri'],
  };
}

/** Form tokens are bound to the interaction. */
const purposeOf = (uid: string) => `interaction ${uid}`;

/** A refused sign-in form: what was typed, and why it was refused. */
export interface RefusedForm {
  login: string;
  isRemembered: boolean;
  refusal: Refusal;
}

export interface InteractionPages {
  showSignIn(ctx: Context, interaction: PendingInteraction, refused?: RefusedForm): void;
  showConsent(ctx: Context, interaction: PendingInteraction): Promise<void>;
  /** Runs `work`; for an interaction that has ended it shows the expired page, with the way back to the app. */
  orShowExpired(ctx: Context, work: () => Promise<void>): Promise<void>;
  /** @throws Refusal `csrf_token_wrong` */
  requireToken(ctx: Context, form: Form, interaction: PendingInteraction): void;
}

export function createInteractionPages({ db, views, texts, keyring, issuer }: Services): InteractionPages {
  const show = createShowPage(views);
  const tokens = createFormTokens({ keyring, issuer });

  const common = (ctx: Context, { uid, client, returnHost }: PendingInteraction) => {
    const site = siteOf(client, returnHost);
    if (site.logo !== undefined) allowPicture(ctx, site.logo);
    return {
      site,
      returnHost,
      action: `/interaction/${uid}`,
      query: `?app=${encodeURIComponent(client.id)}`,
      csrf: tokens.issue(ctx, purposeOf(uid)),
    };
  };

  return {
    showSignIn(ctx, interaction, refused) {
      const { refusal, login = interaction.loginHint ?? '', isRemembered = false } = refused ?? {};
      if (refusal?.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(refusal.retryAfterSeconds));
      const problem = refusal && refusalText(texts, refusal);
      show(
        ctx,
        'interaction/password',
        {
          ...common(ctx, interaction),
          login,
          isRemembered,
          problem,
          isFieldMissing: refusal?.code === 'field_required',
        },
        { status: refusal?.status ?? 200, leadsOut: true },
      );
    },

    async showConsent(ctx, interaction) {
      const account = await findAccount(db, interaction.accountId ?? '');
      if (!account) throw new Refusal('interaction_expired');
      show(
        ctx,
        'interaction/consent',
        {
          ...common(ctx, interaction),
          account: { name: displayName(account), email: account.email },
          ...(await toPermissionView(db, interaction.asked)),
          isUnverified: interaction.client.isSelfRegistered,
        },
        { leadsOut: true },
      );
    },

    async orShowExpired(ctx, work) {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'interaction_expired') throw error;
        const app = typeof ctx.query['app'] === 'string' ? await findClient(db, ctx.query['app']) : undefined;
        // Anybody can make such a link: it leads back only to apps that an operator registered.
        const site = app ? siteOf(app, '') : {};
        show(ctx, 'interaction/expired', { site }, { status: error.status });
      }
    },

    requireToken: (ctx, form, { uid }) => tokens.require(ctx, form, purposeOf(uid)),
  };
}
