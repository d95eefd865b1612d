/** `/account/activity`: the events of the account, and the apps that were notified of ended sessions. */
import type { AuditKind } from '../../audit/audit-event.ts';
import { listAccountEvents, type RecordedEvent } from '../../audit/audit-repository.ts';
import { listClientNames } from '../../clients/client-repository.ts';
import { listNoticesOfSessions } from '../../notices/logout-notice-repository.ts';
import type { LogoutNotice } from '../../notices/logout-notice.ts';
import { toNoticeView, timeOf } from '../view-models.ts';
import type { Handler } from '../route.ts';
import type { Services } from '../services.ts';
import { isEventId } from './event-id.ts';
import { signedInOf, type ShowAccountPage } from './guard.ts';

const pageSize = 50;

/** Kinds of events that are shown to the person; revocations of single grants are not. */
const shownKinds: readonly AuditKind[] = [
  'account.claims-set',
  'account.created',
  'account.email-set',
  'account.reinstated',
  'account.renamed',
  'account.suspended',
  'account.unlocked',
  'account.updated',
  'app.removed',
  'consent.given',
  'password.changed',
  'refresh-token.reused',
  'session.ended',
  'sign-in.failed',
  'sign-in.succeeded',
];

export function showActivity({ db }: Services, show: ShowAccountPage): Handler {
  const toEntry = (event: RecordedEvent, names: Map<string, string>, notices: LogoutNotice[]) => ({
    id: event.id,
    // Keys of texts must not contain dots.
    kind: event.kind.replace(/[.-]/g, '_'),
    reason: typeof event.detail['reason'] === 'string' ? event.detail['reason'] : undefined,
    app: event.clientId === undefined ? undefined : (names.get(event.clientId) ?? event.clientId),
    device: typeof event.detail['device'] === 'string' ? event.detail['device'] : undefined,
    ip: event.ip,
    time: timeOf(event.at),
    notices: notices.map((notice) => ({
      app: names.get(notice.clientId) ?? notice.clientId,
      ...toNoticeView(notice),
    })),
  });

  return async (ctx) => {
    const { account } = signedInOf(ctx);
    const { after } = ctx.query;
    const page = { after: isEventId(after) ? after : undefined, limit: pageSize, kinds: shownKinds };
    const events = await listAccountEvents(db, account.id, page);
    const endings = events.filter(({ kind }) => kind === 'session.ended');
    const endedUids = endings.map(({ sessionUid }) => sessionUid ?? '');
    const notices = await listNoticesOfSessions(db, endedUids);
    const ids = [...events.map(({ clientId }) => clientId ?? ''), ...notices.map(({ clientId }) => clientId)];
    const names = await listClientNames(db, ids);
    const noticesOf = ({ kind, sessionUid }: RecordedEvent) =>
      kind === 'session.ended' ? notices.filter((notice) => notice.sessionUid === sessionUid) : [];
    show(ctx, 'account/activity', {
      entries: events.map((event) => toEntry(event, names, noticesOf(event))),
      older: events.length === pageSize ? events.at(-1)!.id : undefined,
    });
  };
}
