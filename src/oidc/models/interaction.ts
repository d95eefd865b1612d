/** Methods of oidc-provider's Interaction that are replaced. */
import type { Interaction, Provider } from 'oidc-provider';
import type { Keyring } from '../../platform/secrets.ts';
import { createInteractionAnswers } from '../interaction/interaction-answer.ts';
import { protocolContext } from '../protocol-context.ts';

interface InteractionModel {
  find(id: string, options?: object): Promise<Interaction | undefined>;
}

/** Resuming an interaction that was completed in another browser would sign this one in as somebody else. */
export function replaceInteractionMethods(provider: Provider, issuer: string, keyring: Keyring): void {
  const model = provider.Interaction as unknown as InteractionModel;
  const answers = createInteractionAnswers(issuer, keyring);
  const find = model.find.bind(model);
  model.find = async (id, options) => {
    const interaction = await find(id, options);
    const isOther = protocolContext()?.oidc.route === 'resume' && !answers.isFromThisBrowser(interaction?.result);
    return isOther ? undefined : interaction;
  };
}
