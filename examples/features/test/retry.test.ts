import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { type Answer, ask } from './ask.ts'
import { startExample } from './start-example.ts'
import { startUnreliable } from './unreliable-upstream.ts'

test('retry', async () => {
  // Every second connection dies when it has the head of a request.
  const upstream = await startUnreliable((connection) => connection % 2 === 0)
  const example = await startExample('retry', { ports: [8080], upstream: upstream.port })
  const put = (path: string, text: string): Promise<Answer> =>
    ask(example.base(8080) + path, { method: 'PUT', body: text })
  for (let count = 0; count < 3; count++) {
    expect(await ask(`${example.base(8080)}/x`)).toMatchObject({ status: 200, body: 'GET /x 0' })
    const answer = await put('/uploads/a', 'x'.repeat(100_000))
    expect(answer).toMatchObject({ status: 200, body: 'PUT /uploads/a 100000' })
  }
  expect((await put('/uploads/b', 'x'.repeat(1_048_577))).status).toBe(413)
  const statuses: number[] = []
  for (let count = 0; count < 4; count++)
    statuses.push((await ask(`${example.base(8080)}/x`, { method: 'POST', body: 'x' })).status)
  expect(statuses).toEqual([502, 200, 502, 200])

  const get = example.vane('get', 'upstreams', '--json')
  let text = ''
  get.stdout!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await once(get, 'close')
  expect(JSON.parse(text)).toMatchObject({ upstreams: [{ requests: 10, retries: 6, failures: 2 }] })
})

test('retry, over a restart', async () => {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const example = await startExample('retry', { ports: [8080], upstream: port, env: { VANE_LOG_LEVEL: 'debug' } })
  const asked = ask(`${example.base(8080)}/x`)
  while (!example.log().includes('is tried again')) await new Promise((resolve) => setTimeout(resolve, 5))
  await startUnreliable(() => false, port)
  expect(await asked).toMatchObject({ status: 200, body: 'GET /x 0' })
})
