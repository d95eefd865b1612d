/** Results of the sign-in and consent pages, stored with the interaction until the browser resumes it. */
import type { Interaction, InteractionResults } from 'oidc-provider';
import type { Context } from 'koa';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { findSessionByUid } from '../../sessions/session-repository.ts';
import { cookieNames } from '../cookies.ts';
import { epoch } from '../protocol-context.ts';

const browserKind = 'browser';

/**
 * How long the result of an ended interaction may be used again. A form that is submitted twice then leads to the app
 * both times: the browser may not have received the first response.
 */
export const resubmitSeconds = 10;

/** How an interaction ended. */
export interface Ending {
  /** The session that it led to. */
  sessionUid: string;
  /** The person who signed in or consented; undefined when the person cancelled. */
  accountId: string | undefined;
}

export interface ResultStore {
  /**
   * Stores a result. A sign-in or an error discards earlier results, which may be another person's.
   *
   * @returns address at which the browser resumes
   */
  store(ctx: Context, interaction: Interaction, result: InteractionResults): Promise<string>;
  /** Whether the result was given in this browser; true when there is no result yet. */
  isFromThisBrowser(ctx: Context, result: InteractionResults | undefined): boolean;
  /** Marks an interaction as ended, and stores it until its result may no longer be used again. */
  markEnded(interaction: Interaction, ending: Ending): Promise<void>;
}

/** How an interaction ended; undefined while it is pending. */
export const endingOf = ({ result }: Interaction): Ending | undefined => result?.['ending'] as Ending | undefined;

/**
 * Whether the result of an ended interaction may be used again. It may until the interaction expires: an error in any
 * case, another result only while the session that it led to is live, since a sign-out is final.
 */
export async function mayRepeat(db: Database, interaction: Interaction): Promise<boolean> {
  const ending = endingOf(interaction);
  if (!ending || interaction.exp <= epoch(new Date())) return false;
  if (interaction.result?.['error'] !== undefined) return true;
  const session = ending.accountId === undefined ? undefined : await findSessionByUid(db, ending.sessionUid);
  return session !== undefined && session.accountId === ending.accountId && session.expiresAt > new Date();
}

export function createResultStore(issuer: string, keyring: Keyring): ResultStore {
  // A browser is recognized by the CSRF cookie of our forms. On https (`__Host-`) no other host can set it.
  const { csrf } = cookieNames(issuer);
  const browserOf = (ctx: Context) => ctx.cookies.get(csrf, { signed: false });

  return {
    async store(ctx, interaction, result) {
      const browser = keyring.digest(browserKind, browserOf(ctx) ?? '').toString('base64url');
      const discardsPrevious = 'error' in result || result.login !== undefined;
      const { ending: _ending, ...previous } = interaction.lastSubmission ?? {};
      interaction.result = { ...(discardsPrevious ? {} : previous), ...result, browser };
      await interaction.save(interaction.exp - epoch(new Date()));
      return interaction.returnTo;
    },

    isFromThisBrowser(ctx, result) {
      if (!result) return true;
      const browser = browserOf(ctx);
      const digests = keyring.digests(browserKind, browser ?? '').map((digest) => digest.toString('base64url'));
      return browser !== undefined && digests.includes(String(result['browser']));
    },

    async markEnded(interaction, ending) {
      // Another use of the result does not extend the time in which it may be used.
      const seconds = endingOf(interaction) ? interaction.exp - epoch(new Date()) : resubmitSeconds;
      interaction.result = { ...interaction.result, ending };
      await interaction.save(seconds);
    },
  };
}
