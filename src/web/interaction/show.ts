/** `GET /interaction/:uid`: shows the page for signing in, choosing an account or consenting. */
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export const showInteraction = ({ oidc }: Services, pages: InteractionPages): Handler =>
  pages.handlePage(async (ctx, interaction) => {
    const isSwitching = ctx.query['as'] === 'another';
    if (isSwitching) return pages.showSignIn(ctx, interaction);
    // When the person has signed in meanwhile, in another tab, the interaction is resumed without a page.
    if (interaction.isFirstSignIn && (await oidc.session(ctx))) return seeOther(ctx, interaction.returnTo);
    if (interaction.prompt === 'select_account') return pages.showAccount(ctx, interaction);
    if (interaction.prompt === 'consent') return pages.showConsent(ctx, interaction);
    return pages.showSignIn(ctx, interaction);
  });
