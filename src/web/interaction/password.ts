/** `POST /interaction/:uid/password`: signs a person in by e-mail address or user name, and password. */
import { Refusal } from '../../errors.ts';
import { findByLogin, signInWithPassword } from '../../sign-in/with-password.ts';
import type { Form } from '../form.ts';
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import { createKnownDeviceCookies } from './known-device-cookies.ts';
import type { InteractionPages } from './pages.ts';

/** The longest e-mail address: 64 + 1 + 255 (RFC 5321 §4.5.3.1). */
const maxLoginCharacters = 320;
const maxPasswordCharacters = 1024;

const loginIn = (form: Form): string => (form.get('login') ?? '').trim().slice(0, maxLoginCharacters);

export function signIn(services: Services, pages: InteractionPages): Handler {
  const { db, oidc, issuer } = services;
  const cookies = createKnownDeviceCookies(issuer);
  return pages.handleForm(
    async (ctx, interaction, form) => {
      const login = loginIn(form);
      const password = form.get('password') ?? '';
      try {
        if (!login || !password) throw new Refusal('field_required');
        // A password that is longer than any may be is refused like a wrong one, without being hashed.
        if (password.length > maxPasswordCharacters) throw new Refusal('credentials_wrong');
        const userAgent = ctx.get('user-agent') || undefined;
        const clientId = interaction.client.id;
        const attempt = { login, password, clientId, ip: ctx.ip, userAgent, knownDevices: cookies.values(ctx) };
        const { account, proof, device, previousDevice } = await signInWithPassword(services, attempt);
        cookies.add(ctx, device.value, previousDevice?.value);
        const isRemembered = form.get('remember') === 'yes';
        const devices = { deviceId: device.deviceId, previousDeviceId: previousDevice?.deviceId };
        seeOther(ctx, await oidc.signedIn(ctx, account.id, proof, { isRemembered, ...devices }));
      } catch (error) {
        if (!(error instanceof Refusal) || error.code === 'interaction_expired') throw error;
        pages.showSignIn(ctx, interaction, { login, refusal: error, isRemembered: form.get('remember') === 'yes' });
      }
    },
    // A repeated form gets the first result only when it names the same account. Otherwise another person would
    // continue as the person who signed in.
    async ({ ending }, form) =>
      ending?.accountId !== undefined && (await findByLogin(db, loginIn(form)))?.id === ending.accountId,
  );
}
