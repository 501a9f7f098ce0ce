import { describe, expect, test } from 'vitest'
import { compileRules } from './support/compile-rules.ts'
import { exchangeRaw } from './support/raw-client.ts'
import { startEngine, type StartedEngine } from './support/start-engine.ts'
import { closedPort, startUpstream } from './support/upstream.ts'

// No token comes back while a test runs: a token a minute.
const SLOW = { rate: 1, window: '60s' }

async function limitedRules(args: object): Promise<object[]> {
  const listen = [`127.0.0.1:${await closedPort()}`]
  return [
    {
      name: 'limited',
      listen,
      middleware_chain: [{ use: 'rate_limit', args: { ...SLOW, ...args } }],
      terminate: { type: 'static', status: 200, body: 'passed' },
    },
  ]
}

async function startLimited(args: object): Promise<StartedEngine> {
  return startEngine(await compileRules(await limitedRules(args)))
}

async function ask({ port }: StartedEngine, target = '/', fields = ''): Promise<string> {
  return exchangeRaw(port, `GET ${target} HTTP/1.1\r\nhost: a.test\r\n${fields}connection: close\r\n\r\n`)
}

async function statuses(vane: StartedEngine, ...requests: [target: string, fields?: string][]): Promise<number[]> {
  const seen: number[] = []
  for (const [target, fields] of requests) seen.push(Number((await ask(vane, target, fields)).slice(9, 12)))
  return seen
}

test('exactly the burst passes of requests that come side by side', async () => {
  await using vane = await startLimited({ burst: 7 })
  const texts = await Promise.all(Array.from({ length: 40 }, () => ask(vane)))
  expect(texts.filter((text) => text.startsWith('HTTP/1.1 200 '))).toHaveLength(7)
  expect(texts.filter((text) => text.startsWith('HTTP/1.1 429 '))).toHaveLength(33)
})

test('says when to come back', async () => {
  await using vane = await startLimited({ burst: 1 })
  await ask(vane)
  const [, seconds] = /^HTTP\/1\.1 429 [^]*\r\nretry-after: (\d+)\r\n/.exec(await ask(vane)) ?? []
  expect(Number(seconds)).toBeGreaterThan(50)
  expect(Number(seconds)).toBeLessThanOrEqual(60)
})

test('answers what on_limit says', async () => {
  await using vane = await startLimited({
    burst: 1,
    on_limit: { status: 503, headers: { 'x-path': '${path}', 'retry-after': '7' }, body: 'slow down\n' },
  })
  await ask(vane)
  const text = await ask(vane, '/x')
  expect(text).toMatch(/^HTTP\/1\.1 503 [^]*slow down\n$/)
  expect(text).toContain('x-path: /x\r\n')
  expect(text.match(/retry-after: .*/g)).toEqual(['retry-after: 7'])
})

describe('keys', () => {
  test('remote_ip and global count everybody on one address together', async () => {
    for (const key of ['remote_ip', 'global']) {
      await using vane = await startLimited({ key, burst: 2 })
      expect(await statuses(vane, ['/a'], ['/b'], ['/c'])).toEqual([200, 200, 429])
    }
  })

  test.each<[string, object, (value: string) => [string, string?]]>([
    ['a header', { header: 'X-Key' }, (value) => ['/', `x-key: ${value}\r\n`]],
    ['a cookie', { cookie: 'sid' }, (value) => ['/', `cookie: a=b; sid=${value}\r\n`]],
    ['a query parameter', { query: 'k' }, (value) => [`/?a=b&k=${value}`]],
  ])('%s has a bucket for each value, and one for all that lack it', async (_name, key, request) => {
    await using vane = await startLimited({ key, burst: 1 })
    const requests = [request('1'), request('2'), request('1'), request('2')]
    expect(await statuses(vane, ...requests)).toEqual([200, 200, 429, 429])
    expect(await statuses(vane, ['/'], ['/'])).toEqual([200, 429])
    // What a client writes cannot be taken for the lack of it.
    expect(await statuses(vane, request('absent'), request(''))).toEqual([200, 200])
  })

  test('a composite has one for each combination, and no two look the same', async () => {
    await using vane = await startLimited({
      key: { composite: ['remote_ip', { header: 'x-a' }, { header: 'x-b' }] },
      burst: 1,
    })
    const request = (a: string, b: string): [string, string] => ['/', `x-a: ${a}\r\nx-b: ${b}\r\n`]
    const requests = [request('1', '2'), request('2', '1'), request('1', '2'), request('1:=', '2'), request('1', ':=2')]
    expect(await statuses(vane, ...requests)).toEqual([200, 200, 429, 200, 200])
  })
})

test('each place that names it counts by itself', async () => {
  const [rule] = await limitedRules({ burst: 1 })
  const other = { ...rule, name: 'other', match: { 'http.uri.path': { path_prefix: '/other' } } }
  await using vane = await startEngine(await compileRules([rule!, other]))
  expect(await statuses(vane, ['/'], ['/other'], ['/'], ['/other'])).toEqual([200, 200, 429, 429])
})

test('a reload that changes the rules begins anew', async () => {
  const rules = await limitedRules({ burst: 1 })
  await using vane = await startEngine(await compileRules(rules))
  expect(await statuses(vane, ['/'], ['/'])).toEqual([200, 429])
  const changed = rules.map((rule) => ({ ...rule, name: 'renamed' }))
  await vane.engine.swap(await vane.engine.link(await compileRules(changed)))
  expect(await statuses(vane, ['/'], ['/'])).toEqual([200, 429])
})

test('nothing of a request over the limit reaches the upstream', async () => {
  let reached = 0
  await using upstream = await startUpstream((_req, res) => {
    reached++
    res.end('upstream')
  })
  const rules = (await limitedRules({ burst: 1 })).map((rule) => ({
    ...rule,
    terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstream.port}` },
  }))
  await using vane = await startEngine(await compileRules(rules))
  expect(await statuses(vane, ['/'], ['/'], ['/'])).toEqual([200, 429, 429])
  expect(reached).toBe(1)
})
