import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { parseIdleResult, summariseIdle } from '../report/summarise-idle.ts'
import { openIdleConnections } from './idle-load.ts'

test('connections that are answered stand, others are counted as failed, and closed ones are noticed', async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    const status = sockets.length === 3 ? '503 No' : '200 OK'
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const idle = await openIdleConnections({
      url: `http://127.0.0.1:${port}/`,
      request: { method: 'GET', targets: [{ path: '/' }], headers: [], bodyBytes: 0 },
      connections: 50,
    })
    expect(idle).toMatchObject({ opened: 49, failed: 1 })
    expect(idle.kept()).toBe(49)
    sockets[10]?.destroy()
    await expect.poll(idle.kept).toBe(48)
    idle.close()
  } finally {
    server.close()
  }
})

test('the result is read from the lines printed, and rows are medians', () => {
  const output = '{"opened":9,"failed":1}\nnoise\n{"kept":7}\n'
  expect(parseIdleResult(output)).toEqual({ kept: 7, lost: 3 })
  expect(() => parseIdleResult('{"opened":9,"failed":1}\n')).toThrow(/gave no result/)
  const run = (withBytes: number): object => ({ beforeBytes: 1000, withBytes, kept: 10, lost: 1 })
  const series = { name: 'vaned', version: '1', runs: [run(2000), run(5000), run(3000)] as never }
  expect(summariseIdle([series, { name: 'absent', version: '', runs: [] }])).toEqual([
    { name: 'vaned', version: '1', beforeBytes: 1000, withBytes: 3000, kept: 10, bytesPerConnection: 200, lost: 3 },
  ])
})
