/** The pages of an interaction: sign-in, account selection, consent, and the pages for an interaction that is over. */
import type { Context } from 'koa';
import { findAccount } from '../../accounts/account-repository.ts';
import { displayName, type Account } from '../../accounts/account.ts';
import { findCachedClient } from '../../clients/client-repository.ts';
import { homePageOf, type Client } from '../../clients/client.ts';
import { logoOf, webHostsOf } from '../../clients/client-uri.ts';
import { Refusal, refusalText } from '../../errors.ts';
import type { PendingInteraction } from '../../oidc/interaction/pending-interaction.ts';
import { createFormTokens, readForm, type Form } from '../form.ts';
import { allowImage } from '../middleware/security-headers.ts';
import { createShowPage, seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import { toPermissionView } from '../view-models.ts';
import type { Services } from '../services.ts';

/**
 * Name, links and logo of an app. Home page and logo of a self-registered app are shown only when they are on the host
 * that the person returns to, since nobody has checked its metadata.
 *
 * @param returnHost host of the redirect URI, with its port; empty when there is none
 */
function siteOf({ metadata, isSelfRegistered }: Client, returnHost: string) {
  const isOnReturnHost = (uri: string | undefined) =>
    webHostsOf([uri]).some((host) => returnHost === host || returnHost.startsWith(`${host}:`));
  const ifTrusted = (uri: string | undefined) => (!isSelfRegistered || isOnReturnHost(uri) ? uri : undefined);
  return {
    name: metadata.client_name,
    uri: ifTrusted(homePageOf(metadata)),
    logo: ifTrusted(logoOf(metadata)),
    policy: metadata['policy_uri'],
    terms: metadata['tos_uri'],
  };
}

const viewOf = (account: Account) => ({ name: displayName(account), email: account.email });

/** Form tokens are bound to the interaction, and to the browser that began it. */
const purposeOf = (uid: string) => `interaction ${uid}`;

const addressOf = ({ uid, client }: PendingInteraction) => `/interaction/${uid}?app=${encodeURIComponent(client.id)}`;

/** A refused sign-in form: what was typed, and why it was refused. */
export interface RefusedForm {
  login: string;
  isRemembered: boolean;
  refusal: Refusal;
}

export interface InteractionPages {
  showSignIn(ctx: Context, interaction: PendingInteraction, refused?: RefusedForm): void;
  /** Shows the account that is signed in, and asks whether to continue with it (`prompt=select_account`). */
  showAccount(ctx: Context, interaction: PendingInteraction): Promise<void>;
  showConsent(ctx: Context, interaction: PendingInteraction): Promise<void>;
  /** Handles a GET request. For an interaction that is over, shows a page that says so and links to the app. */
  handlePage(work: (ctx: Context, interaction: PendingInteraction) => Promise<void>): Handler;
  /**
   * Handles a form after checking its token. A form that is submitted again within ten seconds after its interaction
   * ended redirects to the app as the first submission did.
   *
   * @param isSame whether the form asks for the result that the interaction ended with
   */
  handleForm(
    work: (ctx: Context, interaction: PendingInteraction, form: Form) => Promise<void>,
    isSame: (interaction: PendingInteraction, form: Form) => Promise<boolean> | boolean,
  ): Handler;
}

export function createInteractionPages(services: Services): InteractionPages {
  const { db, oidc, views, texts } = services;
  const show = createShowPage(views);
  const tokens = createFormTokens(services);

  const commonValues = (ctx: Context, { uid, secret, client, returnHost }: PendingInteraction) => {
    const site = siteOf(client, returnHost);
    if (site.logo !== undefined) allowImage(ctx, site.logo);
    return {
      site,
      returnHost,
      action: `/interaction/${uid}`,
      query: `?app=${encodeURIComponent(client.id)}`,
      csrf: tokens.issue(ctx, purposeOf(uid), secret),
    };
  };

  /** The person who is signed in. @throws Refusal `interaction_expired` */
  async function accountOf({ accountId }: PendingInteraction): Promise<Account> {
    const account = await findAccount(db, accountId ?? '');
    if (!account) throw new Refusal('interaction_expired');
    return account;
  }

  /**
   * Shows the page for an interaction that has ended, was begun in another browser, or was removed because newer ones
   * began. Anybody can link to this page with any `app`, so a self-registered app is named without a link.
   */
  async function showOver(ctx: Context): Promise<void> {
    const client = typeof ctx.query['app'] === 'string' ? await findCachedClient(db, ctx.query['app']) : undefined;
    const site = client ? siteOf(client, '') : {};
    const session = await oidc.session(ctx);
    const account = session && (await findAccount(db, session.accountId));
    if (account && !account.suspendedAt) show(ctx, 'interaction/signed-in', { site, account: viewOf(account) });
    else show(ctx, 'interaction/expired', { site }, { status: new Refusal('interaction_expired').status });
  }

  const showOverIfExpired = async (ctx: Context, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'interaction_expired') throw error;
      await showOver(ctx);
    }
  };

  return {
    showSignIn(ctx, interaction, refused) {
      const { refusal, login = interaction.loginHint ?? '', isRemembered = false } = refused ?? {};
      if (refusal?.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(refusal.retryAfterSeconds));
      const problem = refusal && refusalText(texts, refusal);
      const isFieldMissing = refusal?.code === 'field_required';
      const values = { ...commonValues(ctx, interaction), login, isRemembered, problem, isFieldMissing };
      show(ctx, 'interaction/password', values, { status: refusal?.status ?? 200, hasFormsToApp: true });
    },

    async showAccount(ctx, interaction) {
      const account = viewOf(await accountOf(interaction));
      show(ctx, 'interaction/select-account', { ...commonValues(ctx, interaction), account }, { hasFormsToApp: true });
    },

    async showConsent(ctx, interaction) {
      const account = await accountOf(interaction);
      const permissions = await toPermissionView(db, interaction.requested);
      const isUnverified = interaction.client.isSelfRegistered;
      const values = { ...commonValues(ctx, interaction), ...permissions, account: viewOf(account), isUnverified };
      show(ctx, 'interaction/consent', values, { hasFormsToApp: true });
    },

    handlePage: (work) => (ctx) =>
      showOverIfExpired(ctx, async () => {
        const interaction = await oidc.interaction(ctx);
        await (interaction.ending ? showOver(ctx) : work(ctx, interaction));
      }),

    handleForm: (work, isSame) => (ctx) =>
      showOverIfExpired(ctx, async () => {
        const form = await readForm(ctx);
        const interaction = await oidc.interaction(ctx);
        tokens.require(ctx, form, purposeOf(interaction.uid), interaction.secret);
        const { ending, returnTo } = interaction;
        if (!ending) return work(ctx, interaction, form);
        const isRepeated = ending.mayRepeat && (await isSame(interaction, form));
        return seeOther(ctx, isRepeated ? returnTo : addressOf(interaction));
      }),
  };
}
