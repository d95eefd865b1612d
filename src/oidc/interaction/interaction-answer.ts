/** What a person answered on our pages, kept with the interaction until the browser goes on with it. */
import type { Interaction, InteractionResults } from 'oidc-provider';
import type { Context } from 'koa';
import type { Keyring } from '../../platform/secrets.ts';
import { cookieNames } from '../cookies.ts';
import { epoch, protocolContext } from '../protocol-context.ts';

const browserKind = 'browser';

export interface InteractionAnswers {
  /**
   * Keeps an answer. A sign-in is a new beginning: what was answered before, maybe by somebody else, does not count.
   *
   * @returns where the browser goes on
   */
  keep(ctx: Context, interaction: Interaction, answer: InteractionResults): Promise<string>;
  /** Whether the answer was given in the browser that goes on with it. */
  isFromThisBrowser(answer: InteractionResults | undefined): boolean;
}

export function createInteractionAnswers(issuer: string, keyring: Keyring): InteractionAnswers {
  // What our forms know the browser by. On https no other host can plant it, as it could the library's cookies.
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
