/** Receives notifications of PostgreSQL (LISTEN, NOTIFY), and reconnects when the connection is lost. */
import type { Socket } from 'node:net';
import type pg from 'pg';
import { createClient, settingsText } from './database-connection.ts';
import { withinLimit } from './time-limit.ts';

export interface Listener {
  /** Whether all notifications have been received that were sent until `maxDelayMilliseconds` ago. */
  isCurrent(): boolean;
  close(): Promise<void>;
}

export interface ListenOptions {
  url: string;
  channels: readonly string[];
  onMessage: (channel: string, message: string) => void;
  /**
   * Called when notifications may have been missed: after each reconnection, and about once a second while none are
   * received.
   */
  onGap: () => void;
  /**
   * Called before each probe, and again while its response is late. If there is none, the function that the last call
   * returned is called as soon as a new connection gets a response: then the network has lost the old connection, and
   * the database is available.
   */
  onProbe: () => () => void;
  onError: (error: Error) => void;
}

/** Maximum age of the proof that notifications arrive. */
export const maxDelayMilliseconds = 850;
const probeMilliseconds = 300;
/** The statement of a probe. */
export const probeText = 'select 1';
const reconnectSeconds = 2;
const maxResponseSeconds = 3;
/** So long after a probe `onProbe` is called again: what other connections received just before the silence counts. */
const lateSeconds = 1.5;

interface Probe {
  sentAt: number;
  closeSilent: () => void;
}

/** Sends a statement. When there is no response, calls `onSilence` and closes the connection. */
async function execute(client: pg.Client, text: string, onSilence = () => {}): Promise<void> {
  const close = () => {
    onSilence();
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  };
  await withinLimit(client.query(text), maxResponseSeconds * 1000, close);
}

/**
 * Calls `onMessage` for each notification.
 *
 * A connection that a network has forgotten looks like one without notifications. So the connection is probed: PostgreSQL
 * sends the notifications of earlier commits before its response, on the same connection.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { url, channels, onMessage, onGap, onProbe, onError } = options;
  let client: pg.Client | undefined;
  /** When the last probe that got a response was sent. */
  let provenAt = -Infinity;
  let reconnection: NodeJS.Timeout | undefined;
  let isClosed = false;
  /** To be called when a new connection responds after a probe without a response. */
  let afterSilence: (() => void) | undefined;
  /** The probes without a response. */
  const probesSent = new WeakMap<pg.Client, Probe>();

  async function probe(current: pg.Client): Promise<void> {
    const earlier = probesSent.get(current);
    if (earlier) {
      if (performance.now() - earlier.sentAt < lateSeconds * 1000) earlier.closeSilent = onProbe();
      return;
    }
    const sent: Probe = { sentAt: performance.now(), closeSilent: onProbe() };
    probesSent.set(current, sent);
    await execute(current, probeText, () => (afterSilence ??= sent.closeSilent));
    probesSent.delete(current);
    if (current === client) prove(sent.sentAt);
  }

  function prove(sentAt: number): void {
    provenAt = sentAt;
    gap.refresh();
  }

  async function connect(): Promise<void> {
    const next = createClient(url, { application_name: 'frontdesk', connectionTimeoutMillis: 4_000 });
    next.on('notification', ({ channel, payload = '' }) => onMessage(channel, payload));
    next.on('error', onError);
    next.on('end', () => {
      if (client === next) {
        client = undefined;
        provenAt = -Infinity;
      }
      reconnectLater(afterSilence ? 0 : undefined);
    });
    await next.connect();
    const listening = channels.map((channel) => `listen ${next.escapeIdentifier(channel)}`);
    const sentAt = performance.now();
    await execute(next, [settingsText(), ...listening].join('; '));
    client = next;
    onGap();
    prove(sentAt);
    afterSilence?.();
    afterSilence = undefined;
  }

  function reconnectLater(seconds = reconnectSeconds): void {
    if (isClosed || reconnection) return;
    reconnection = setTimeout(() => {
      reconnection = undefined;
      connect().catch((error: Error) => {
        onError(error);
        reconnectLater();
      });
    }, seconds * 1000);
  }

  const gap = setTimeout(() => {
    gap.refresh();
    onGap();
  }, maxDelayMilliseconds);
  const probes = setInterval(() => void (client && probe(client).catch(onError)), probeMilliseconds);
  const stop = () => {
    isClosed = true;
    clearTimeout(reconnection);
    clearTimeout(gap);
    clearInterval(probes);
  };
  await connect().catch((error: unknown) => {
    stop();
    throw error;
  });
  return {
    isCurrent: () => performance.now() - provenAt < maxDelayMilliseconds,
    async close() {
      stop();
      if (client) await withinLimit(client.end(), maxResponseSeconds * 1000).catch(onError);
    },
  };
}
