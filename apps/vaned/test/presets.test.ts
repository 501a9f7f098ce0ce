import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { FlowRecord } from 'vane-core'
import { openStream } from 'vane-mgmt'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ask, VERSIONS } from './ask.ts'
import { freePort, startDaemon, testConfig, type TestConfig } from './daemon-process.ts'

const DEADLINE = { timeout: 10_000 }

async function addressOf(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An upstream that closes with the test. */
function startUpstream(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createHttpServer(handle)
  onTestFinished(() => void server.closeAllConnections())
  return addressOf(server)
}

/** A configuration with one preset, and its port. */
async function presetConfig(preset: string, args: object): Promise<{ port: number; config: TestConfig }> {
  const port = await freePort()
  return { port, config: testConfig({ rules: [{ preset, name: 'it', listen: [`127.0.0.1:${port}`], args }] }) }
}

/** Starts a daemon with one preset. */
async function startPreset(preset: string, args: object): Promise<number> {
  const { port, config } = await presetConfig(preset, args)
  await startDaemon(config)
  return port
}

describe('reverse_proxy', () => {
  it('proxies, says who the client is, and refuses upgrades', async () => {
    const upstream = await startUpstream((request, response) =>
      response.end(`${request.url} ${String(request.headers['x-forwarded-for'])}`),
    )
    const port = await startPreset('reverse_proxy', { upstream })
    for (const version of VERSIONS)
      expect(await ask(version, port, { path: '/a?b' })).toMatchObject({ status: 200, text: '/a?b 127.0.0.1' })
    // Loopback is among those whose word is taken.
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    expect(await ask('HTTP/1.1', port, { headers })).toMatchObject({ text: '/ 203.0.113.9, 127.0.0.1' })
    const upgrade = { connection: 'upgrade', upgrade: 'websocket' }
    expect(await ask('HTTP/1.1', port, { headers: upgrade })).toMatchObject({ status: 400 })
  })

  it('says nothing of the client where it is told not to', async () => {
    const upstream = await startUpstream((request, response) => response.end(JSON.stringify(request.headers)))
    const port = await startPreset('reverse_proxy', { upstream, forward_client_ip: false })
    for (const version of VERSIONS) {
      const asked = await ask(version, port, { headers: { 'x-forwarded-for': '6.6.6.6' } })
      const headers = JSON.parse(asked === 'dropped' ? '{}' : asked.text) as object
      // It is the upstream's to believe what clients say.
      expect(headers).toMatchObject({ 'x-forwarded-for': '6.6.6.6' })
      expect(headers).not.toHaveProperty('forwarded')
    }
  })

  it('limits the rate', async () => {
    const upstream = await startUpstream((_request, response) => response.end('ok'))
    const rate = { key: { header: 'x-key' }, rate: 1, burst: 2, window: '60s' }
    const port = await startPreset('reverse_proxy', { upstream, rate_limit: rate })
    const statuses: unknown[] = []
    for (const version of [...VERSIONS, ...VERSIONS])
      statuses.push(await ask(version, port, { headers: { 'x-key': 'a' } }))
    expect(statuses).toMatchObject([{ status: 200 }, { status: 200 }, { status: 429 }, { status: 429 }])
    expect(await ask('HTTP/2', port, { headers: { 'x-key': 'b' } })).toMatchObject({ status: 200 })
  })

  it('keeps the timeouts that it is given', async () => {
    const slow = await startUpstream((request, response) => {
      if (request.url === '/head') return
      response.write('begun')
    })
    const timeouts = { connect: '1s', first_byte: '200ms', idle: '200ms' }
    const port = await startPreset('reverse_proxy', { upstream: slow, timeouts })
    for (const version of VERSIONS) {
      expect(await ask(version, port, { path: '/head' })).toMatchObject({ status: 504 })
      expect(await ask(version, port, { path: '/body' })).toBe('dropped')
    }
  })
})

it('static_site answers everything alike', async () => {
  const port = await startPreset('static_site', { status: 503, headers: { 'retry-after': '60' }, body: 'back soon' })
  for (const version of VERSIONS) {
    for (const method of ['GET', 'DELETE'])
      expect(await ask(version, port, { method, path: '/x?y' })).toMatchObject({
        status: 503,
        headers: { 'retry-after': '60' },
        text: 'back soon',
      })
  }
})

it('redirect_https keeps host, path and query', async () => {
  const port = await startPreset('redirect_https', {})
  for (const version of VERSIONS)
    expect(await ask(version, port, { method: 'POST', host: 'a.test:8080', path: '/x?y=1' })).toMatchObject({
      status: 308,
      headers: { location: 'https://a.test/x?y=1' },
    })
})

it('port_forward carries bytes both ways, whoever speaks first, and the flow log says where they went', async () => {
  const upstream = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.write('hello ')
    socket.pipe(socket)
  })
  const name = await addressOf(upstream)
  const { port, config } = await presetConfig('port_forward', { upstream: name })
  await startDaemon(config)
  const client: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void client.destroy())
  let text = ''
  client.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await vi.waitFor(() => expect(text).toBe('hello '), DEADLINE)
  client.end('GET \x00\xff')
  await once(client, 'end')
  expect(text).toBe('hello GET \x00\xff')

  const logged = async (rule: string): Promise<FlowRecord[]> => {
    const records: FlowRecord[] = []
    const args = { last: 100, follow: false, rule }
    for await (const item of openStream(config.socketPath, { verb: 'tail_flow', args }))
      if (item.kind === 'data') records.push(item.data)
    return records
  }
  const entry = { event: 'terminate', rule: 'it', upstream: name, requests: 0, bytes_in: 7, bytes_out: 13 }
  await vi.waitFor(async () => expect(await logged('it')).toMatchObject([entry]), DEADLINE)
  expect(await logged('other')).toEqual([])
})
