import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ask, type AskOptions, VERSIONS } from './ask.ts'
import { freePort, startDaemon, testConfig } from './daemon-process.ts'

/** Starts a daemon with one rule for each of these paths, by its chain. */
async function startChains(chains: Readonly<Record<string, object[]>>, terminate?: object): Promise<number> {
  const port = await freePort()
  const rules = Object.entries(chains).map(([name, chain]) => ({
    name,
    listen: [`127.0.0.1:${port}`],
    match: { 'http.uri.path': { path_prefix: `/${name}` } },
    middleware_chain: chain,
    terminate: terminate ?? { type: 'static', status: 200, body: 'passed' },
  }))
  await startDaemon(testConfig({ rules }))
  return port
}

/** An upstream that answers with the fields it was sent. */
async function startMirror(): Promise<string> {
  const server = createServer((request, response) => response.end(JSON.stringify(request.headers)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.each(VERSIONS)('over %s', (version) => {
  const statusOf = async (port: number, options: AskOptions): Promise<number | string> => {
    const asked = await ask(version, port, options)
    return asked === 'dropped' ? asked : asked.status
  }

  it('requests that do not fit are answered, or dropped where the rule says so', async () => {
    const matchers: readonly (readonly [
      use: string,
      args: object,
      fits: AskOptions,
      not: AskOptions,
      status: number,
    ])[] = [
      ['host_header_match', { hosts: ['*.a.test'] }, { host: 'x.A.test:80' }, { host: 'a.test' }, 404],
      ['method_match', { methods: ['GET'] }, {}, { method: 'DELETE' }, 405],
    ]
    const chains = matchers.flatMap(([use, args]) => [
      [use, [{ use, args }]] as const,
      [`${use}-close`, [{ use, args: { ...args, on_miss: 'close' } }]] as const,
      [`${use}-respond`, [{ use, args: { ...args, on_miss: 'respond' } }]] as const,
    ])
    const prefix = { use: 'path_prefix', args: { prefixes: ['/prefix/in', '/prefix-close/in'] } }
    const port = await startChains({
      ...Object.fromEntries(chains),
      prefix: [prefix],
      'prefix-close': [{ ...prefix, args: { ...prefix.args, on_miss: 'close' } }],
    })
    for (const [use, , fits, not, status] of matchers) {
      for (const path of [`/${use}`, `/${use}-close`, `/${use}-respond`])
        expect([path, await statusOf(port, { ...fits, path })]).toEqual([path, 200])
      for (const path of [`/${use}`, `/${use}-respond`])
        expect([path, await statusOf(port, { ...not, path })]).toEqual([path, status])
      expect(await statusOf(port, { ...not, path: `/${use}-close` })).toBe('dropped')
    }
    expect(await ask(version, port, { path: '/method_match', method: 'PUT' })).toMatchObject({
      headers: { allow: 'GET' },
    })
    expect(await statusOf(port, { path: '/prefix/in/x' })).toBe(200)
    expect(await statusOf(port, { path: '/prefix/inx' })).toBe(404)
    expect(await statusOf(port, { path: '/prefix/in/../out' })).toBe(400)
    expect(await statusOf(port, { path: '/prefix-close/inx' })).toBe('dropped')
  })

  it('every kind of key has buckets of its own, exactly as large as they should be', async () => {
    const limit = (key: unknown): object[] => [
      { use: 'rate_limit', args: { key, rate: 1, burst: 3, window: '60s', on_limit: { status: 503, body: 'slow' } } },
    ]
    const port = await startChains({
      address: limit('remote_ip'),
      global: limit('global'),
      header: limit({ header: 'x-key' }),
      cookie: limit({ cookie: 'id' }),
      query: limit({ query: 'id' }),
      composite: limit({ composite: ['remote_ip', { header: 'x-key' }, { query: 'id' }] }),
    })
    const values: Readonly<Record<string, (value: number) => AskOptions>> = {
      '/address': () => ({}),
      '/global': () => ({}),
      '/header': (value) => ({ headers: { 'x-key': `${value}` } }),
      '/cookie': (value) => ({ headers: { cookie: `a=b; id=${value}` } }),
      '/query?id=': (value) => ({ path: `/query?x=y&id=${value}` }),
      '/composite': (value) => ({ path: `/composite?id=${value >> 1}`, headers: { 'x-key': `${value & 1}` } }),
    }
    for (const [path, of] of Object.entries(values)) {
      const distinct = path === '/address' || path === '/global' ? 1 : 4
      const asked = await Promise.all(
        Array.from({ length: 6 * distinct }, (_, n) => ask(version, port, { path, ...of(n % distinct) })),
      )
      const passed = asked.filter((each) => each !== 'dropped' && each.status === 200)
      const refused = asked.filter((each) => each !== 'dropped' && each.status === 503 && each.text === 'slow')
      expect([path, passed.length, refused.length]).toEqual([path, 3 * distinct, 3 * distinct])
      for (const each of refused) {
        const seconds = Number(each === 'dropped' ? NaN : each.headers['retry-after'])
        expect(seconds).toBeGreaterThan(0)
        expect(seconds).toBeLessThanOrEqual(60)
      }
    }
  })

  it('an upstream is told of its client what a stranger cannot choose, and a trusted proxy can', async () => {
    const upstream = await startMirror()
    const forward = (trusted: string[]): object[] => [{ use: 'forward_client_ip', args: { trusted_proxies: trusted } }]
    const port = await startChains(
      { strange: forward(['10.0.0.0/8']), trusting: forward(['127.0.0.0/8', '2001:db8:1::/48']) },
      { type: 'http_proxy', upstream },
    )
    const told = async (path: string, headers: AskOptions['headers']): Promise<Record<string, string>> => {
      const asked = await ask(version, port, { path, ...(headers === undefined ? {} : { headers }) })
      const seen = JSON.parse(asked === 'dropped' ? '{}' : asked.text) as Record<string, string>
      const about = ['x-forwarded-for', 'x-real-ip', 'forwarded']
      return Object.fromEntries(
        Object.entries(seen).filter(([name]) => about.includes(name) || name.includes('client')),
      )
    }
    const lies = {
      'x-forwarded-for': ['6.6.6.6', '7.7.7.7'],
      forwarded: ['for=6.6.6.6', 'for="[::6]:66"'],
      'x-real-ip': '6.6.6.6',
      'true-client-ip': '6.6.6.6',
    }
    expect(await told('/strange', lies)).toEqual({
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      forwarded: 'for=127.0.0.1;host=a.test;proto=http',
    })
    const chain = { 'x-forwarded-for': ['6.6.6.6, 203.0.113.9', '2001:db8:1::7, 127.0.0.9:4711'] }
    expect(await told('/trusting', chain)).toMatchObject({
      'x-forwarded-for': '6.6.6.6, 203.0.113.9, 2001:db8:1::7, 127.0.0.9:4711, 127.0.0.1',
      'x-real-ip': '203.0.113.9',
    })
    const elements = { forwarded: ['for=6.6.6.6, for="[2001:db8::9]:4711";by=_x', 'for="[2001:db8:1::7]"'] }
    expect(await told('/trusting', elements)).toMatchObject({ 'x-real-ip': '2001:db8::9' })
    const hidden = { forwarded: 'for=203.0.113.9, for=_gazonk, for=127.0.0.9' }
    expect(await told('/trusting', hidden)).toMatchObject({ 'x-real-ip': '127.0.0.9' })
    const broken = { forwarded: ['for="6.6.6.6', 'for=203.0.113.9'], 'x-real-ip': '6.6.6.6' }
    expect(await told('/trusting', broken)).toMatchObject({
      'x-real-ip': '127.0.0.1',
      forwarded: 'for=127.0.0.1;host=a.test;proto=http',
    })
  })
})
