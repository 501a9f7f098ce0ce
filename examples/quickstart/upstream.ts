import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const INDEX = `this is the upstream

GET  /         this text
GET  /headers  the request as it arrived here
GET  /slow     five lines, one a second
POST /echo     what you send
`

/** Starts the quickstart's upstream on loopback: a plain `node:http` server that knows nothing of Vane. */
export async function startUpstream(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://upstream')
  switch (pathname) {
    case '/':
      return void response.setHeader('content-type', 'text/plain').end(INDEX)
    case '/headers': {
      const { method, url, headers } = request
      return void response
        .setHeader('content-type', 'application/json')
        .end(`${JSON.stringify({ method, url, headers }, undefined, 2)}\n`)
    }
    case '/slow':
      response.setHeader('content-type', 'text/plain')
      for (let line = 1; line <= 5 && !response.destroyed; line++) {
        response.write(`line ${line}\n`)
        await delay(1_000)
      }
      return void response.end()
    case '/echo':
      response.setHeader('content-type', request.headers['content-type'] ?? 'application/octet-stream')
      return void request.pipe(response)
    default:
      return void response.writeHead(404, { 'content-type': 'text/plain' }).end(`the upstream has no ${pathname}\n`)
  }
}
