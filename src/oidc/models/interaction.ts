/** Methods of oidc-provider's Interaction that are replaced. */
import type { Interaction, Provider } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { createInteractionAnswers, endingOf, mayRepeat } from '../interaction/interaction-answer.ts';
import { protocolContext } from '../protocol-context.ts';

interface InteractionModel {
  find(id: string, options?: object): Promise<Interaction | undefined>;
  prototype: { destroy: (this: Interaction) => Promise<void> };
}

export function replaceInteractionMethods(provider: Provider, db: Database, issuer: string, keyring: Keyring): void {
  const model = provider.Interaction as unknown as InteractionModel;
  const answers = createInteractionAnswers(issuer, keyring);

  // Resuming an interaction that was completed in another browser would sign this one in as somebody else.
  const find = model.find.bind(model);
  model.find = async (id, options) => {
    const interaction = await find(id, options);
    const ctx = protocolContext();
    if (ctx?.oidc.route !== 'resume' || !interaction) return interaction;
    if (!answers.isFromThisBrowser(ctx, interaction.result)) return undefined;
    if (!endingOf(interaction)) return interaction;
    if (!(await mayRepeat(db, interaction))) return undefined;
    // The browser may not have received the new session id. Without `session` the library compares none.
    if (interaction.result?.login) delete interaction.session;
    return interaction;
  };

  // The library calls this when it resumes an interaction, before the sign-in. Ours keeps the interaction for a while.
  model.prototype.destroy = async function finish() {
    const { session } = protocolContext()!.oidc;
    const { result } = this;
    const isCancelled = result?.['error'] !== undefined;
    const accountId = isCancelled ? undefined : (result?.login?.accountId ?? session?.accountId);
    await answers.finish(this, { sessionUid: session!.uid, accountId });
  };
}
