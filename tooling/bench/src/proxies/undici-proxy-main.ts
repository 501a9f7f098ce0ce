// What somebody writes who wants a proxy from what Node brings and its own client: `node:http` in front, undici behind.
import { createServer, type ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'

const [port, upstreamPort, connections] = process.argv.slice(2).map(Number)
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, {
  connections: connections ?? null,
  pipelining: 1,
  keepAliveTimeout: 300_000,
})
/** Fields that concern one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

createServer({ keepAliveTimeout: 300_000, requestTimeout: 0 }, (request, response) => {
  const headers = withoutHopByHop(request.rawHeaders)
  headers.push('x-forwarded-for', request.socket.remoteAddress ?? '')
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: request.method as Dispatcher.HttpMethod,
      headers,
      body: hasBody ? request : null,
    },
    createHandler(response),
  )
}).listen(port, '127.0.0.1')

function createHandler(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.once('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client is gone'))
      })
    },
    onResponseStart(controller, status) {
      response.writeHead(
        status,
        withoutHopByHop((controller.rawHeaders as Buffer[]).map((item) => item.toString('latin1'))),
      )
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    },
  }
}

/** Names and values in turn, as both sides have them. */
function withoutHopByHop(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < raw.length; index += 2)
    if (!HOP_BY_HOP.has(raw[index]!.toLowerCase())) kept.push(raw[index]!, raw[index + 1]!)
  return kept
}
