/** Times as people say them. */

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });

const minute = 60;
const hour = 60 * minute;
const oneDay = 24 * hour;

/** `3 minutes ago`, `yesterday`; the date, when it was more than a month ago. */
export function ago(date: Date, now = new Date()): string {
  const seconds = Math.round((now.getTime() - date.getTime()) / 1000);
  if (seconds < minute) return 'just now';
  if (seconds < hour) return relative.format(-Math.floor(seconds / minute), 'minute');
  if (seconds < oneDay) return relative.format(-Math.floor(seconds / hour), 'hour');
  if (seconds < 30 * oneDay) return relative.format(-Math.floor(seconds / oneDay), 'day');
  return day.format(date);
}

/** What a view shows of a time: words for people, the exact time for programs and for who looks closer. */
export const timeOf = (date: Date): { words: string; exact: string } => ({
  words: ago(date),
  exact: date.toISOString(),
});
