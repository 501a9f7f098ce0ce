import type { Socket } from 'node:net'
import { lingerThenDestroy } from '../http1/raw-reply.ts'

const BODY = '400 Bad Request\nThis port speaks TLS: use https:// instead of http://\n'

/** Answers a request in clear on a port that speaks TLS, and closes. */
export function explainTls(socket: Socket): void {
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${BODY.length}\r\n` +
      `date: ${new Date().toUTCString()}\r\nconnection: close\r\n\r\n${BODY}`,
  )
  lingerThenDestroy(socket)
}
