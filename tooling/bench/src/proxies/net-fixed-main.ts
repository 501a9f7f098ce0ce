// A floor, no proxy: what it costs Node to take a small request off a socket and to write an answer, with no HTTP in between.
import { createServer } from 'node:net'
import { UPSTREAM_BODIES } from '../upstream/upstream-bodies.ts'

const [port] = process.argv.slice(2).map(Number)
const body = 'x'.repeat(UPSTREAM_BODIES.get('/') ?? 0)
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
)

// A small request without a body comes in one piece, one at a time.
createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.on('data', () => void socket.write(answer))
}).listen({ port, host: '127.0.0.1', backlog: 4096 })
