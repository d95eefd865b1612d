/** The result of our pages (sign-in, consent), stored with the interaction until the browser resumes it. */
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

export interface InteractionAnswers {
  /**
   * Stores a result. A sign-in discards earlier results, which may be another person's.
   *
   * @returns address at which the browser resumes
   */
  keep(ctx: Context, interaction: Interaction, answer: InteractionResults): Promise<string>;
  /** Whether the result, if there is one, was given in this browser. */
  isFromThisBrowser(ctx: Context, answer: InteractionResults | undefined): boolean;
  /** Marks an interaction as ended, and keeps it until its result may no longer be used again. */
  finish(interaction: Interaction, ending: Ending): Promise<void>;
}

/** How an interaction ended; undefined while it is pending. */
export const endingOf = ({ result }: Interaction): Ending | undefined => result?.['ending'] as Ending | undefined;

/**
 * Whether the result of an ended interaction may be used again: until the interaction expires, and only while the
 * session that it led to is live, since a sign-out is final.
 */
export async function mayRepeat(db: Database, interaction: Interaction): Promise<boolean> {
  const ending = endingOf(interaction);
  if (!ending || interaction.exp <= epoch(new Date())) return false;
  if (interaction.result?.['error'] !== undefined) return true;
  const session = ending.accountId === undefined ? undefined : await findSessionByUid(db, ending.sessionUid);
  return session !== undefined && session.accountId === ending.accountId && session.expiresAt > new Date();
}

export function createInteractionAnswers(issuer: string, keyring: Keyring): InteractionAnswers {
  // A browser is recognized by the CSRF cookie of our forms. On https (`__Host-`) no other host can set it.
  const { csrf } = cookieNames(issuer);
  const browserOf = (ctx: Context) => ctx.cookies.get(csrf, { signed: false });

  return {
    async keep(ctx, interaction, answer) {
      const browser = keyring.digest(browserKind, browserOf(ctx) ?? '').toString('base64url');
      const discardsPrevious = 'error' in answer || answer.login !== undefined;
      const { ending: _ending, ...previous } = interaction.lastSubmission ?? {};
      interaction.result = { ...(discardsPrevious ? {} : previous), ...answer, browser };
      await interaction.save(interaction.exp - epoch(new Date()));
      return interaction.returnTo;
    },

    isFromThisBrowser(ctx, answer) {
      if (!answer) return true;
      const browser = browserOf(ctx);
      const digests = keyring.digests(browserKind, browser ?? '').map((digest) => digest.toString('base64url'));
      return browser !== undefined && digests.includes(String(answer['browser']));
    },

    async finish(interaction, ending) {
      // Using the result again does not prolong the time.
      const seconds = endingOf(interaction) ? interaction.exp - epoch(new Date()) : resubmitSeconds;
      interaction.result = { ...interaction.result, ending };
      await interaction.save(seconds);
    },
  };
}
