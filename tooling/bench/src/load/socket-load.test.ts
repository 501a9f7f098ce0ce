import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { parseLoadResult } from './load-result.ts'
import type { RequestShape } from '../workload/request-shape.ts'
import { runSocketLoad } from './socket-load.ts'

const GET: RequestShape = { method: 'GET', targets: [{ path: '/' }], headers: [], bodyBytes: 0 }

async function serve(
  answer: (requestCount: number) => string,
): Promise<{ url: string; count: () => number; [Symbol.dispose]: () => void }> {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      count += 1
      const text = answer(count)
      if (text === '') socket.destroy()
      else socket.write(text)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, count: () => count, [Symbol.dispose]: () => void server.close() }
}

test('every answered request is counted, on as many connections as asked', async () => {
  using server = await serve(() => 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
  const result = await runSocketLoad({ url: server.url, request: GET, connections: 4, seconds: 1 })
  expect(result.errors).toBe(0)
  expect(result.requests).toBeGreaterThan(100)
  expect(Math.abs(server.count() - result.requests)).toBeLessThanOrEqual(4)
  expect(result.p99Micros).toBeGreaterThanOrEqual(result.p50Micros)
})

test('error statuses and cut connections are errors, and the load goes on after them', async () => {
  using server = await serve((count) =>
    count === 1
      ? ''
      : count === 2
        ? 'HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n'
        : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  )
  const result = await runSocketLoad({ url: server.url, request: GET, connections: 1, seconds: 1 })
  expect(result.errors).toBe(2)
  expect(result.requests).toBeGreaterThan(10)
})

test('a result is found among other lines, and its absence is an error', () => {
  expect(parseLoadResult('Running 1s test\n{"requests":7,"errors":0}\n')).toMatchObject({ requests: 7 })
  expect(() => parseLoadResult('unable to connect')).toThrow(/gave no result:\nunable to connect/)
})
