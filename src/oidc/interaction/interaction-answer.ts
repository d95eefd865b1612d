/** The result of our pages (sign-in, consent), stored with the interaction until the browser resumes it. */
import type { Interaction, InteractionResults } from 'oidc-provider';
import type { Context } from 'koa';
import type { Keyring } from '../../platform/secrets.ts';
import { cookieNames } from '../cookies.ts';
import { epoch, protocolContext } from '../protocol-context.ts';

const browserKind = 'browser';

export interface InteractionAnswers {
  /**
   * Stores a result. A sign-in discards earlier results, which may be another person's.
   *
   * @returns address at which the browser resumes
   */
  keep(ctx: Context, interaction: Interaction, answer: InteractionResults): Promise<string>;
  /** Whether the result was given in the browser that resumes. */
  isFromThisBrowser(answer: InteractionResults | undefined): boolean;
}

export function createInteractionAnswers(issuer: string, keyring: Keyring): InteractionAnswers {
  // The cookie of our forms: on https (`__Host-`) another host of the domain cannot set it, as it could the library's.
  const { csrf } = cookieNames(issuer);
  const browserOf = (ctx: Context) => ctx.cookies.get(csrf, { signed: false });

  return {
    async keep(ctx, interaction, answer) {
      const browser = keyring.digest(browserKind, browserOf(ctx) ?? '').toString('base64url');
      const isBeginning = 'error' in answer || answer.login !== undefined;
      interaction.result = { ...(isBeginning ? {} : interaction.lastSubmission), ...answer, browser };
      await interaction.save(interaction.exp - epoch(new Date()));
      return interaction.returnTo;
    },

    isFromThisBrowser(answer) {
      if (!answer) return true;
      const browser = browserOf(protocolContext()!);
      const digests = keyring.digests(browserKind, browser ?? '').map((digest) => digest.toString('base64url'));
      return browser !== undefined && digests.includes(String(answer['browser']));
    },
  };
}
