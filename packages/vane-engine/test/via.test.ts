import { expect, test } from 'vitest'
import { graphOf, proxyTo } from './support/graph-builder.ts'
import { exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { startUpstream } from './support/upstream.ts'

test('a proxy with a name notes it in both directions, behind those before it', async () => {
  const seen: (string | undefined)[] = []
  await using upstream = await startUpstream((req, res) => {
    seen.push(req.headers.via)
    res.setHeader('via', '1.0 cache')
    res.end('ok')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)), { via: 'edge.test' })
  const ask = (version: string, via: string): Promise<string> =>
    exchangeRaw(vane.port, `GET / HTTP/${version}\r\nhost: a\r\n${via}connection: close\r\n\r\n`)
  expect(await ask('1.1', 'via: 1.1 a, 1.0 b\r\nVia: 2.0 c\r\n')).toContain('\r\nvia: 1.0 cache, 1.1 edge.test\r\n')
  await ask('1.0', '')
  expect(seen).toEqual(['1.1 a, 1.0 b, 2.0 c, 1.1 edge.test', '1.0 edge.test'])
})

test('a proxy without a name leaves the field as it came', async () => {
  const seen: (string | undefined)[] = []
  await using upstream = await startUpstream((req, res) => {
    seen.push(req.headers.via)
    res.end('ok')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nvia: 1.1 a\r\nconnection: close\r\n\r\n')
  expect([seen, /via/i.test(text)]).toEqual([['1.1 a'], false])
})
