/** Sends requests that are written out beforehand over connections that stay open, as a proxy does: cheap enough for a flood. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawReply {
  status: number;
  milliseconds: number;
}

export interface RawClient {
  /** Waits for a connection that is free. @returns status 0 when the connection broke */
  send(request: string): Promise<RawReply>;
  close(): void;
}

interface Sent {
  request: string;
  start: number;
  resolve(reply: RawReply): void;
}

interface Connection {
  socket: Socket;
  received: string;
  sent: Sent | undefined;
}

/** The status of a response that is whole; undefined while more of it is to come. */
function statusOf(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const status = Number(text.slice(9, 12));
  const [, length] = /^content-length: (\d+)/im.exec(text.slice(0, end)) ?? [];
  if (length !== undefined) return text.length - end - 4 >= Number(length) ? status : undefined;
  return text.includes('transfer-encoding', 0) && !text.endsWith('0\r\n\r\n') ? undefined : status;
}

/** @param connections number of them; all are opened before it resolves */
export async function createRawClient(port: number, connections: number): Promise<RawClient> {
  const sockets = new Set<Socket>();
  const free: Connection[] = [];
  const waiting: Sent[] = [];

  function begin(connection: Connection, sent: Sent): void {
    connection.sent = sent;
    connection.socket.write(sent.request);
  }

  function finish(connection: Connection, status: number): void {
    const { sent } = connection;
    connection.sent = undefined;
    connection.received = '';
    sent?.resolve({ status, milliseconds: performance.now() - sent.start });
  }

  async function open(): Promise<void> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    sockets.add(socket);
    await once(socket, 'connect');
    const connection: Connection = { socket, received: '', sent: undefined };
    free.push(connection);
    socket.on('data', (text: string) => {
      // A connection that sends nothing for long is closed with 408.
      if (!connection.sent) return;
      connection.received += text;
      const status = statusOf(connection.received);
      if (status === undefined) return;
      finish(connection, status);
      const next = waiting.shift();
      if (next) begin(connection, next);
      else free.push(connection);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      const index = free.indexOf(connection);
      if (index >= 0) free.splice(index, 1);
      finish(connection, 0);
    });
  }

  for (let count = 0; count < connections; count += 1) await open();
  return {
    send: (request) =>
      new Promise((resolve) => {
        const sent = { request, start: performance.now(), resolve };
        const connection = free.pop();
        if (connection) begin(connection, sent);
        else waiting.push(sent);
      }),
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
