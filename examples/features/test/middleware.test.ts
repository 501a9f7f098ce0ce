import { expect, test } from 'vitest'
import { ask } from './ask.ts'
import { startExample, startUpstream } from './start-example.ts'

test('middleware', async () => {
  const upstream = await startUpstream((req, res) => res.end(JSON.stringify(req.headers)))
  const example = await startExample('middleware', { ports: [8080], upstream })
  const to = (path: string): string => example.base(8080) + path
  const host = { host: 'www.example.com' }
  const passed = await ask(to('/shop/cart'), { headers: { ...host, 'x-forwarded-for': '203.0.113.9' } })
  expect(passed.status).toBe(200)
  expect(JSON.parse(passed.body)).toMatchObject({
    'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    'x-real-ip': '203.0.113.9',
  })
  expect((await ask(to('/other'), { headers: host })).status).toBe(404)
  expect(await ask(to('/shop'), { headers: host, method: 'DELETE' })).toMatchObject({
    status: 405,
    headers: { allow: 'GET, HEAD, POST' },
  })
  await expect(ask(to('/shop'), { headers: { host: 'example.org' } })).rejects.toThrow('socket hang up')
})
