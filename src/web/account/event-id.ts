/** Ids of audit events, which the URLs of account pages contain. */

/** Whether a value is a UUID in lower case, as the ids are. A query with text that is no UUID would fail. */
export const isEventId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
