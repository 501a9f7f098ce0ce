import { createServer } from 'node:net'
import { UPSTREAM_BODIES } from './upstream-bodies.ts'

const [port] = process.argv.slice(2).map(Number)
const responses = new Map([...UPSTREAM_BODIES].map(([path, bytes]) => [path, createResponse(bytes)]))
const fallback = responses.get('/')!

// Requests without a body only, as the workloads for this upstream have them.
createServer({ noDelay: true }, (socket) => {
  let received = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    const heads = received.split('\r\n\r\n')
    received = heads.pop() ?? ''
    for (const head of heads) socket.write(responses.get(head.split(' ', 2)[1] ?? '') ?? fallback)
  })
}).listen(port, '127.0.0.1')

function createResponse(bytes: number): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bytes}\r\n\r\n`
  return Buffer.from(head + 'x'.repeat(bytes))
}
