import { expect, test } from 'vitest'
import { ask } from './ask.ts'
import { startExample, startUpstream } from './start-example.ts'

test('presets', async () => {
  const upstream = await startUpstream((req, res) => res.end(`upstream ${req.url}`))
  const example = await startExample('presets', { ports: [8080, 8081, 8082], upstream })
  expect(await ask(`${example.base(8080)}/x`)).toMatchObject({ status: 200, body: 'upstream /x' })
  expect(await ask(example.base(8081))).toMatchObject({
    status: 503,
    headers: { 'retry-after': '3600' },
    body: 'back soon\n',
  })
  expect(await ask(`${example.base(8082)}/x?y`, { headers: { host: 'a.test' } })).toMatchObject({
    status: 308,
    headers: { location: 'https://a.test/x?y' },
  })
})
