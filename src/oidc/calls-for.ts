/** Which hosts are called for a client. */
import type { Calls, Outgoing } from '../platform/outgoing.ts';
import { mayCallAllowedHosts, type ProtocolOptions } from './conformance-profile.ts';

export type CallsFor = (client: { isSelfRegistered: boolean }) => Calls;

/**
 * OUTGOING_ALLOWED_HOSTS counts for clients that an operator registered: whoever may register a client could otherwise
 * make this server call hosts of the operator's network.
 */
export const createCallsFor =
  (outgoing: Outgoing, protocol: ProtocolOptions): CallsFor =>
  ({ isSelfRegistered }) =>
    isSelfRegistered && !mayCallAllowedHosts(protocol) ? outgoing.toPublicHosts : outgoing.toAllowedHosts;
