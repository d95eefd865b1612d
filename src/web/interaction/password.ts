/** `POST /interaction/:uid/password`: signs a person in by e-mail address or user name, and password. */
import { Refusal } from '../../errors.ts';
import { signInWithPassword } from '../../sign-in/with-password.ts';
import { readForm } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

const maxLogin = 320;
const maxPassword = 1024;

export function signIn(services: Services, pages: InteractionPages): Handler {
  const { oidc } = services;
  return (ctx) =>
    pages.orShowExpired(ctx, async () => {
      const form = await readForm(ctx);
      const interaction = await oidc.interaction(ctx);
      pages.requireToken(ctx, form, interaction);
      const login = (form.get('login') ?? '').trim().slice(0, maxLogin);
      const password = form.get('password') ?? '';
      try {
        if (!login || !password) throw new Refusal('field_required');
        // Longer than any password may be: refused like a wrong one, without hashing it.
        if (password.length > maxPassword) throw new Refusal('credentials_wrong');
        const userAgent = ctx.get('user-agent') || undefined;
        const attempt = { login, password, clientId: interaction.client.id, ip: ctx.ip, userAgent };
        const { account, proof } = await signInWithPassword(services, attempt);
        const isRemembered = form.get('remember') === 'yes';
        seeOther(ctx, await oidc.signedIn(ctx, account.id, proof, { isRemembered }));
      } catch (error) {
        if (!(error instanceof Refusal) || error.code === 'interaction_expired') throw error;
        pages.showSignIn(ctx, interaction, { login, refusal: error, isRemembered: form.get('remember') === 'yes' });
      }
    });
}
