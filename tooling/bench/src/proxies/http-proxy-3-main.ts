import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const [port, upstreamPort, connections] = process.argv.slice(2).map(Number)
const proxy = createProxyServer({
  target: `http://127.0.0.1:${upstreamPort}`,
  agent: new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections }),
  xfwd: true,
})
proxy.on('error', (error, _request, response) => {
  console.error(error)
  if ('writeHead' in response) response.writeHead(502)
  response.end()
})
createServer({ keepAliveTimeout: 300_000 }, (request, response) => proxy.web(request, response)).listen(
  port,
  '127.0.0.1',
)
