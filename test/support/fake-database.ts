/** Starts fakes of a database server that always send the same response, such as an error. */
import { createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';

/** Starts a server that calls `respond` after the first message of each connection. @returns `host:port` */
export async function startFakeDatabase(respond: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => respond(socket)));
  return `127.0.0.1:${await listen(server)}`;
}

/** An ErrorResponse of PostgreSQL's protocol. @param code SQLSTATE */
export function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  // The length of a message includes the four bytes of the length itself.
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + length.length);
  return Buffer.concat([Buffer.from('E'), length, fields]);
}
