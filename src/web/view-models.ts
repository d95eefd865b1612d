/** Times, logout notices and permissions in the form that views show. */
import { noticeStateOf, type LogoutNotice, type NoticeState } from '../notices/logout-notice.ts';
import { listCachedApis } from '../apis/api-repository.ts';
import type { Permissions } from '../grants/consent.ts';
import { knownScopes } from '../oidc/permissions/scopes.ts';
import type { Database } from '../platform/database.ts';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });

const minute = 60;
const hour = 60 * minute;
const oneDay = 24 * hour;

/** `3 minutes ago`, `yesterday`; the date when it was 30 days ago or more. */
export function ago(date: Date, now = new Date()): string {
  const seconds = Math.round((now.getTime() - date.getTime()) / 1000);
  if (seconds < minute) return 'just now';
  if (seconds < hour) return relative.format(-Math.floor(seconds / minute), 'minute');
  if (seconds < oneDay) return relative.format(-Math.floor(seconds / hour), 'hour');
  if (seconds < 30 * oneDay) return relative.format(-Math.floor(seconds / oneDay), 'day');
  return day.format(date);
}

/** A time as a person reads it (`3 minutes ago`), and in ISO 8601 for the `datetime` attribute of HTML. */
export const timeOf = (date: Date): { words: string; exact: string } => ({
  words: ago(date),
  exact: date.toISOString(),
});

export interface NoticeView {
  state: NoticeState;
  /** Time from the end of the session to the app's confirmation; undefined before that. */
  milliseconds: number | undefined;
}

export function toNoticeView(notice: LogoutNotice): NoticeView {
  const { createdAt, deliveredAt } = notice;
  return {
    state: noticeStateOf(notice),
    // At least 1: pages do not show 0 ms.
    milliseconds: deliveredAt ? Math.max(1, deliveredAt.getTime() - createdAt.getTime()) : undefined,
  };
}

export interface PermissionView {
  scopes: string[];
  claims: string[];
  apis: { name: string; permissions: string[] }[];
}

/**
 * Permissions as pages show them: scopes in a fixed order, APIs with their names and the descriptions of their scopes.
 */
export async function toPermissionView(
  db: Database,
  { scopes, claims, apiScopes }: Permissions,
): Promise<PermissionView> {
  const audiences = Object.keys(apiScopes);
  const apis = await listCachedApis(db, audiences);
  return {
    scopes: knownScopes.filter((scope) => scope !== 'openid' && scopes.includes(scope)),
    claims,
    apis: apis.map(({ audience, name, scopes: descriptions }) => ({
      name,
      permissions: apiScopes[audience]!.map((scope) => descriptions[scope] ?? scope),
    })),
  };
}
