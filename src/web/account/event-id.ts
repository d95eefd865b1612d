/** Ids of audit events in addresses. */

/** Whether a value has the form of an id, which the database reads. */
export const isEventId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
