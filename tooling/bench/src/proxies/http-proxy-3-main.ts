import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const [port, upstreamPort, keepAlive] = process.argv.slice(2).map(Number)
const proxy = createProxyServer({
  target: `http://127.0.0.1:${upstreamPort}`,
  agent: new Agent({ keepAlive: true, maxSockets: keepAlive, maxFreeSockets: keepAlive }),
  xfwd: true,
})
proxy.on('error', (error, _request, response) => {
  console.error(error)
  if ('writeHead' in response) response.writeHead(502)
  response.end()
})
createServer((request, response) => proxy.web(request, response)).listen(port, '127.0.0.1')
