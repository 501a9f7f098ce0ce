import { createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, startDaemon, testConfig } from './daemon-process.ts'

test('shows connections to upstreams, and closes those that are kept', async () => {
  let accepted = 0
  const upstream = createServer((socket) => {
    accepted++
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void upstream.close())
  const name = `127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const port = await freePort()
  const rule = { name: 'a', listen: [`127.0.0.1:${port}`], terminate: { type: 'http_proxy', upstream: name } }
  const { client } = await startDaemon(testConfig({ rules: [rule] }))
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text()

  expect([await ask(), await ask(), accepted]).toEqual(['ok', 'ok', 1])
  expect(await client.call('get_upstreams')).toMatchObject({ upstreams: [{ upstream: name, idle: 1, requests: 2 }] })
  expect(await client.call('pool_drain', { upstream: name })).toEqual({ upstream: name, closed: 1 })
  expect([await ask(), accepted]).toEqual(['ok', 2])
  await expect(client.call('pool_drain', { upstream: 'backend.test:80' })).rejects.toThrow(
    `there is no upstream "backend.test:80"; there is ${name}`,
  )
  await expect(client.call('pool_drain', { upstream: `${name}0` })).rejects.toThrow(`did you mean "${name}"?`)
})
