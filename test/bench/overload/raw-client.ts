/** An HTTP client for floods: sends request texts that are made beforehand, over connections that stay open. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawReply {
  status: number;
  milliseconds: number;
}

export interface RawClient {
  /** Sends a request when a connection is idle. @returns status 0 when the connection broke */
  send(request: string): Promise<RawReply>;
  close(): void;
}

interface PendingRequest {
  request: string;
  start: number;
  resolve(reply: RawReply): void;
}

interface Connection {
  socket: Socket;
  received: string;
  pending: PendingRequest | undefined;
}

/** The status of a response; undefined while it is incomplete. */
function statusOf(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const status = Number(text.slice(9, 12));
  const headers = text.slice(0, end);
  const [, length] = /^content-length: (\d+)/im.exec(headers) ?? [];
  const isChunked = /^transfer-encoding: chunked/im.test(headers);
  const isIncomplete =
    length === undefined ? isChunked && !text.endsWith('0\r\n\r\n') : text.length - end - 4 < Number(length);
  return isIncomplete ? undefined : status;
}

/** Opens connections to a port of 127.0.0.1. @param connections their number */
export async function createRawClient(port: number, connections: number): Promise<RawClient> {
  const sockets = new Set<Socket>();
  const idle: Connection[] = [];
  const waiting: PendingRequest[] = [];

  function begin(connection: Connection, pending: PendingRequest): void {
    connection.pending = pending;
    connection.socket.write(pending.request);
  }

  function finish(connection: Connection, status: number): void {
    const { pending } = connection;
    connection.pending = undefined;
    connection.received = '';
    pending?.resolve({ status, milliseconds: performance.now() - pending.start });
  }

  async function open(): Promise<void> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    sockets.add(socket);
    await once(socket, 'connect');
    const connection: Connection = { socket, received: '', pending: undefined };
    idle.push(connection);
    socket.on('data', (text: string) => {
      // The server sends 408 before it closes a connection that is idle for long.
      if (!connection.pending) return;
      connection.received += text;
      const status = statusOf(connection.received);
      if (status === undefined) return;
      finish(connection, status);
      const next = waiting.shift();
      if (next) begin(connection, next);
      else idle.push(connection);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      const index = idle.indexOf(connection);
      if (index >= 0) idle.splice(index, 1);
      finish(connection, 0);
    });
  }

  for (let count = 0; count < connections; count += 1) await open();
  return {
    send: (request) =>
      new Promise((resolve) => {
        const pending = { request, start: performance.now(), resolve };
        const connection = idle.pop();
        if (connection) begin(connection, pending);
        else waiting.push(pending);
      }),
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
