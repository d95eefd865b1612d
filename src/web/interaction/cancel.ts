/** `POST /interaction/:uid/cancel`: sends the person back to the app without signing in (`access_denied`). */
import { seeOther } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import type { InteractionPages } from './pages.ts';

export const cancel = ({ oidc }: Services, pages: InteractionPages): Handler =>
  pages.handleForm(
    async (ctx) => seeOther(ctx, await oidc.cancelled(ctx)),
    // A repeated form gets the first result only when the interaction ended without a sign-in.
    ({ ending }) => ending?.accountId === undefined,
  );
