/** The outgoing calls that are allowed for a client. */
import type { Calls, Outgoing } from '../platform/outgoing.ts';
import { mayCallAllowedHosts, type ProtocolOptions } from './conformance-profile.ts';

export type CallsFor = (client: { isSelfRegistered: boolean }) => Calls;

/**
 * OUTGOING_ALLOWED_HOSTS counts only for clients that an operator registered, unless the conformance profile is on: a
 * self-registered client could otherwise make this server call hosts of the operator's network.
 */
export const createCallsFor =
  (outgoing: Outgoing, protocol: ProtocolOptions): CallsFor =>
  ({ isSelfRegistered }) =>
    isSelfRegistered && !mayCallAllowedHosts(protocol) ? outgoing.toPublicHosts : outgoing.toAllowedHosts;
