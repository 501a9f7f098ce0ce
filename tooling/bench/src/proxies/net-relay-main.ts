// A floor, no HTTP proxy: one upstream connection for each client's, bytes handed on as they come.
import { connect, createServer, type Socket } from 'node:net'

const [port, upstreamPort] = process.argv.slice(2).map(Number)

createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: upstreamPort ?? 0, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  relay(client, upstream)
  relay(upstream, client)
}).listen({ port, host: '127.0.0.1', backlog: 4096 })

function relay(from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroySoon())
}
