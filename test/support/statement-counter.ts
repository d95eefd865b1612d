/** A TCP proxy in front of the database that counts the statements of a process, and its round trips. */
import { connect, createServer, type Socket } from 'node:net';
import { probeText } from '../../src/platform/listener.ts';
import { parseDatabaseUrl } from './database.ts';
import { listen } from './listen.ts';

export interface StatementCount {
  /** Texts of the statements in the order in which they were sent, `BEGIN` and `COMMIT` included. */
  statements: string[];
  /** Statements that are sent without waiting for a response share one round trip. */
  roundTrips: number;
}

export interface StatementCounter {
  /** URL of the database through the proxy. */
  url: string;
  /** Counts the statements on all connections while `work` runs, including those of other work. */
  count(work: () => Promise<unknown>): Promise<StatementCount>;
  /** Runs `work` several times and returns the smallest count: the process also has statements of its own, once a second. */
  countLeast(work: () => Promise<unknown>, times?: number): Promise<StatementCount>;
}

const encryptionRequest = 80_877_103;
const headerBytes = 5;
/** How long responses are held back; then they are forwarded together, which ends a round trip. */
const roundTripMilliseconds = 10;

/**
 * Reads the messages of a client (PostgreSQL documentation, "Message Formats").
 *
 * @param onStatement called with the text of each statement that is to be executed
 */
function createReader(onStatement: (text: string) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let isStarted = false;
  const prepared = new Map<string, string>();
  /** Portal → text of the statement that it is bound to. */
  const portals = new Map<string, string>();

  function read(type: string, body: Buffer): void {
    const [first = '', second = ''] = body.toString().split('\0', 2);
    // Probes are sent several times a second, whatever the process does.
    if (type === 'Q' && first !== probeText) onStatement(first);
    if (type === 'P') prepared.set(first, second);
    if (type === 'B') portals.set(first, prepared.get(second) ?? '');
    if (type === 'E') onStatement(portals.get(first) ?? '');
  }

  /** @returns number of bytes of the first message; 0 while it is incomplete */
  function readMessage(): number {
    // The first messages have no type.
    const typeBytes = isStarted ? 1 : 0;
    if (pending.length < typeBytes + 4) return 0;
    const bytes = typeBytes + pending.readUInt32BE(typeBytes);
    if (pending.length < bytes) return 0;
    if (isStarted) read(String.fromCharCode(pending[0]!), pending.subarray(headerBytes, bytes));
    else isStarted = pending.readUInt32BE(4) !== encryptionRequest;
    return bytes;
  }

  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let bytes = readMessage(); bytes > 0; bytes = readMessage()) pending = pending.subarray(bytes);
  };
}

/** @param url of a database on a Unix socket */
export async function startStatementCounter(url: string): Promise<StatementCounter> {
  const address = parseDatabaseUrl(url);
  const path = `${address.searchParams.get('host')}/.s.PGSQL.5432`;
  /** Statements that were sent, with the number of their round trip; undefined while nothing is counted. */
  let sent: { text: string; roundTrip: number }[] | undefined;
  let roundTrip = 0;
  let held: [to: Socket, response: Buffer][] = [];
  let timer: NodeJS.Timeout | undefined;

  function forwardResponses(): void {
    timer = undefined;
    roundTrip += 1;
    for (const [to, response] of held.splice(0)) to.write(response);
  }

  const server = createServer((client) => {
    const database = connect(path);
    const read = createReader((text) => sent?.push({ text, roundTrip }));
    client.on('data', (chunk: Buffer) => {
      read(chunk);
      database.write(chunk);
    });
    database.on('data', (response: Buffer) => {
      held.push([client, response]);
      timer ??= setTimeout(forwardResponses, roundTripMilliseconds);
    });
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => {
        held = held.filter(([receiver]) => receiver !== client);
        to.destroy();
      });
    }
  });
  const port = await listen(server);

  async function count(work: () => Promise<unknown>): Promise<StatementCount> {
    sent = [];
    const counted = sent;
    try {
      await work();
    } finally {
      sent = undefined;
    }
    return {
      statements: counted.map(({ text }) => text.replace(/\s+/g, ' ').trim()),
      roundTrips: new Set(counted.map((statement) => statement.roundTrip)).size,
    };
  }

  return {
    url: `postgres://${address.username}@127.0.0.1:${port}${address.pathname}`,
    count,
    async countLeast(work, times = 5) {
      const all: StatementCount[] = [];
      while (all.length < times) all.push(await count(work));
      const least = all.toSorted((a, b) => a.statements.length - b.statements.length)[0]!;
      return { ...least, roundTrips: Math.min(...all.map(({ roundTrips }) => roundTrips)) };
    },
  };
}
