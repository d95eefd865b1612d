/** `/`: says what this address is for. */
import { createShowPage } from '../page.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';

export const showWelcome = ({ views }: Services): Handler => {
  const show = createShowPage(views);
  return (ctx) => show(ctx, 'visitor/welcome', {});
};
