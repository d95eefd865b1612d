/** Tests when a request may leave the row of its session as it is. */
import { isUnchanged, type SessionWrite } from './session-write.ts';
import type { Session } from './session.ts';

const now = new Date('2026-11-25T10:00:00Z');
const seconds = (count: number) => new Date(now.getTime() + count * 1000);
const idHash = Buffer.from('id');

const session: Session = {
  uid: 'u',
  accountId: 'a',
  signedInAt: seconds(-3600),
  acr: 'aal1',
  amr: ['pwd'],
  isTransient: false,
  state: undefined,
  authorizations: { app: { sid: '1', grantId: 'g' } },
  createdAt: seconds(-3600),
  lastSeenAt: seconds(-59),
  expiresAt: seconds(3541),
  ip: '192.0.2.1',
  userAgent: 'test',
};
const write: SessionWrite = {
  ...session,
  idHash,
  idHashes: [idHash],
  isRotating: false,
  deviceHash: undefined,
  change: { changed: {}, removed: [], added: [], loaded: {} },
  expiresAt: seconds(3600),
};

test('a request that changes only times, by less than a minute, leaves the row as it is', () => {
  expect(isUnchanged({ session, idHash }, write, now)).toBe(true);
});

test.each<[string, Partial<SessionWrite>]>([
  ['another id', { isRotating: true }],
  ['a digest by a newer root secret', { idHash: Buffer.from('new') }],
  ['another account', { accountId: 'b' }],
  ['another sign-in', { signedInAt: seconds(0) }],
  ['another acr', { acr: undefined }],
  ['another amr', { amr: ['pwd', 'otp'] }],
  ['another choice of staying signed in', { isTransient: true }],
  ['a sign-out to confirm', { state: { secret: 'x' } }],
  ['another address', { ip: '192.0.2.2' }],
  ['another browser', { userAgent: 'other' }],
  ['a known device', { deviceHash: Buffer.from('device') }],
  ['a new app', { change: { ...write.change, changed: { other: { sid: '2' } }, added: ['other'] } }],
  ['one app less', { change: { ...write.change, removed: ['app'] } }],
  ['a longer lifetime', { expiresAt: seconds(3602) }],
  ['a shorter lifetime', { expiresAt: seconds(3480) }],
])('a request with %s writes the row', (_what, change) => {
  expect(isUnchanged({ session, idHash }, { ...write, ...change }, now)).toBe(false);
});

test('a row that was written a minute ago is written again', () => {
  expect(isUnchanged({ session: { ...session, lastSeenAt: seconds(-60) }, idHash }, write, now)).toBe(false);
});
