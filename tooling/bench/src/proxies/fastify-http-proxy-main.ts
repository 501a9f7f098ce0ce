import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [port, upstreamPort, connections] = process.argv.slice(2).map(Number)
const server = fastify({ logger: false, keepAliveTimeout: 300_000, bodyLimit: 16 * 1024 * 1024 })
await server.register(httpProxy, {
  upstream: `http://127.0.0.1:${upstreamPort}`,
  undici: { connections: connections ?? 64, pipelining: 1 },
  replyOptions: {
    rewriteRequestHeaders: (request, headers) => ({ ...headers, 'x-forwarded-for': request.socket.remoteAddress }),
  },
})
await server.listen({ port: port ?? 0, host: '127.0.0.1' })
