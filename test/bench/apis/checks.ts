/** The ways in which an API finds out who calls it. */
export const checks = ['none', 'jwt', 'session', 'introspection'] as const;
export type CheckName = (typeof checks)[number];

/** What the tables say of each. */
export const wordsOf: Record<CheckName, { check: string; end: string }> = {
  none: { check: 'nothing', end: '–' },
  jwt: { check: 'verifies a JWT, keys cached', end: 'within five minutes' },
  session: { check: 'looks up a session in PostgreSQL', end: 'at once' },
  introspection: { check: 'introspects at Frontdesk', end: 'at once' },
};
