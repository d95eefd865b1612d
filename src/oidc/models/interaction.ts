/** Methods of oidc-provider's Interaction that are replaced. */
import type { Interaction, Provider } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { createResultStore, endingOf, mayRepeat } from '../interaction/interaction-result.ts';
import { protocolContext } from '../protocol-context.ts';

interface InteractionModel {
  find(id: string, options?: object): Promise<Interaction | undefined>;
  prototype: { destroy: (this: Interaction) => Promise<void> };
}

export function replaceInteractionMethods(provider: Provider, db: Database, issuer: string, keyring: Keyring): void {
  const model = provider.Interaction as unknown as InteractionModel;
  const results = createResultStore(issuer, keyring);

  // Resuming an interaction that another browser completed would sign this browser in as another person.
  const findStored = model.find.bind(model);
  model.find = async (id, options) => {
    const interaction = await findStored(id, options);
    const ctx = protocolContext();
    if (ctx?.oidc.route !== 'resume' || !interaction) return interaction;
    if (!results.isFromThisBrowser(ctx, interaction.result)) return undefined;
    if (!endingOf(interaction)) return interaction;
    if (!(await mayRepeat(db, interaction))) return undefined;
    // The browser may not have received the new session id. Without `interaction.session` the library requires none.
    if (interaction.result?.login) delete interaction.session;
    return interaction;
  };

  // The library calls this when it resumes an interaction, before it signs the person in. The interaction is kept for
  // ten seconds instead of deleted.
  model.prototype.destroy = async function markEnded() {
    const { session } = protocolContext()!.oidc;
    const { result } = this;
    const isCancelled = result?.['error'] !== undefined;
    const accountId = isCancelled ? undefined : (result?.login?.accountId ?? session?.accountId);
    await results.markEnded(this, { sessionUid: session!.uid, accountId });
  };
}
