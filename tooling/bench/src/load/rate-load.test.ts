import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { RequestShape } from '../workload/request-shape.ts'
import { runRateLoad } from './rate-load.ts'

const GET: RequestShape = { method: 'GET', targets: [{ path: '/' }], headers: [], bodyBytes: 0 }
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function serve(
  onRequest: (socket: Socket, count: number) => void,
): Promise<{ url: string; [Symbol.dispose]: () => void }> {
  let count = 0
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      count += 1
      onRequest(socket, count)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, [Symbol.dispose]: () => void server.close() }
}

test('as many requests are sent as are due', async () => {
  using server = await serve((socket) => socket.write(OK))
  const result = await runRateLoad({
    url: server.url,
    request: GET,
    connections: 4,
    seconds: 1,
    requestsPerSecond: 200,
  })
  expect(result).toMatchObject({ requests: 200, errors: 0 })
  expect(result.latenessP99Micros).toBeGreaterThan(0)
})

test('a stall is paid for by every request that was due during it, not only by the one that met it', async () => {
  const stallMs = 500
  using server = await serve((socket, count) => {
    if (count === 1) setTimeout(() => socket.write(OK), stallMs)
    else socket.write(OK)
  })
  const result = await runRateLoad({
    url: server.url,
    request: GET,
    connections: 1,
    seconds: 1,
    requestsPerSecond: 100,
  })
  expect(result.requests).toBe(100)
  // Half of the requests were due during the stall; waits fall evenly from all of it to nothing.
  expect(result.p99Micros).toBeGreaterThan(0.9 * stallMs * 1000)
  expect(result.p50Micros).toBeGreaterThanOrEqual(0)
})

test('what is never answered counts with the time that it has waited', async () => {
  using server = await serve(() => undefined)
  const result = await runRateLoad({ url: server.url, request: GET, connections: 2, seconds: 1, requestsPerSecond: 10 })
  expect(result).toMatchObject({ requests: 0, requestsPerSecond: 0 })
  expect(result.p50Micros).toBeGreaterThan(1_000_000)
})

test('error statuses and broken connections are errors, and the load goes on', async () => {
  using server = await serve((socket, count) => {
    if (count === 1) socket.destroy()
    else socket.write(count === 2 ? 'HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n' : OK)
  })
  const result = await runRateLoad({ url: server.url, request: GET, connections: 1, seconds: 1, requestsPerSecond: 50 })
  expect(result.errors).toBe(2)
  expect(result.requests).toBe(48)
})
