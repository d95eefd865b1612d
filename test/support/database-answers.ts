/** Stands for a database server that answers each connection in one way, such as with an error. */
import { createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';

/** Starts a server that answers the first message of each connection. @returns `host:port` */
export async function startDatabaseServer(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => answer(socket)));
  return `127.0.0.1:${await listen(server)}`;
}

/** The ErrorResponse of PostgreSQL's protocol. */
export function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  return Buffer.concat([Buffer.from('E'), length, fields]);
}
