import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { issueCertificate } from 'vane-testkit'
import { expect, it, onTestFinished } from 'vitest'
import { freePort, runToEnd, startDaemon, testConfig, variablesOf } from './daemon-process.ts'

const SITE = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test'] })

/** Every limit with a floor: the least it may be, and something below. */
const FLOORS: readonly (readonly [name: string, floor: string, below: string])[] = [
  ['MAX_HEADER_BYTES', '4096', '4095'],
  ['MAX_HEADERS_COUNT', '20', '19'],
  ['HEADER_TIMEOUT', '5s', '4999ms'],
  ['BODY_IDLE_TIMEOUT', '5s', '4'],
  ['MAX_CONN_PER_IP', '10', '9'],
  ['MAX_HANDSHAKE_RATE_PER_IP', '1/s', '0/s'],
  ['MAX_STREAMS_PER_CONN', '10', '9'],
  ['MAX_REQUEST_RATE_PER_CONN', '100/s', '99'],
  ['MAX_TOTAL_CONNS', '1024', '1023'],
  ['MAX_PENDING_HANDSHAKES', '100', '99'],
  ['MAX_BUFFERED_BYTES', '16777216', '16777215'],
  ['MAX_BUFFERED_BYTES_PER_IP', '8388608', '8388607'],
]

const SHARE = 8_388_608

/** Frames of HTTP/2, as short as they get. */
function frame(type: number, flags: number, streamId: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(payload)
  const head = Buffer.alloc(9)
  head.writeUIntBE(bytes.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, bytes])
}
const repeat = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))
const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0), frame(4, 1, 0)])
/** `GET http / a`, and the same with POST. */
const GET = Buffer.from([0x82, 0x86, 0x84, 0x01, 0x01, 0x61])
const POST = Buffer.from([0x83, 0x86, 0x84, 0x01, 0x01, 0x61])

it('no limit can be set below its floor, and all that are wrong are told', async () => {
  const config = testConfig({ rules: [] })
  const below = Object.fromEntries(FLOORS.map(([name, , value]) => [`VANE_SEC_${name}`, value]))
  const { code, stderr } = await runToEnd(['--config', config.dir, '--check'], { env: variablesOf(config, below) })
  expect(code).toBe(1)
  for (const [name, floor] of FLOORS)
    expect(stderr).toMatch(new RegExp(`VANE_SEC_${name}.* cannot be set below its floor ${floor}`))
})

it('every limit is kept, counted under its name, and logged with its address', { timeout: 60_000 }, async () => {
  // Answers /answer at once, and nothing else.
  const upstream = createHttpServer((request, response) => {
    request.resume()
    if (request.url === '/answer') response.end('ok')
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  const [port, tlsPort, wholePort] = [await freePort(), await freePort(), await freePort()]
  const terminate = { type: 'http_proxy', upstream: `127.0.0.1:${(upstream.address() as AddressInfo).port}` }
  const config = testConfig({
    rules: [
      { name: 'clear', listen: [`127.0.0.1:${port}`], terminate },
      { name: 'whole', listen: [`127.0.0.1:${wholePort}`], match: { 'http.body': { contains: 'y' } }, terminate },
      {
        name: 'secure',
        listen: [`127.0.0.1:${tlsPort}`],
        tls: { cert_file: 'site.pem', key_file: 'site.key' },
        terminate,
      },
    ],
  })
  config.write('site.pem', SITE.chain)
  config.write('site.key', SITE.key)
  const atFloor = Object.fromEntries(FLOORS.map(([name, floor]) => [`VANE_SEC_${name}`, floor]))
  const daemon = await startDaemon(config, { ...atFloor, VANE_SEC_EXEMPT_LOOPBACK: '0' })

  const sockets: Socket[] = []
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  /** Connects from an address of this machine, sends, and collects what comes. */
  const dial = (from: string, bytes: Uint8Array | string, to = port): { readonly closed: Promise<string> } => {
    const socket = connect({ port: to, host: '127.0.0.1', localAddress: from })
    sockets.push(socket)
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.write(bytes)
    return { closed: new Promise((resolve) => socket.once('close', () => resolve(text))) }
  }
  const request = (lines: string): string => `GET /answer HTTP/1.1\r\nhost: a\r\n${lines}\r\n`

  // The slow ones are under way while the others have their turns.
  const slowHead = dial('127.0.1.1', 'GET / HT')
  const slowBody = dial('127.0.1.2', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc')

  expect(await dial('127.0.1.3', request(`x: ${'y'.repeat(5_000)}\r\n`)).closed).toMatch(/^HTTP\/1.1 431 /)
  expect(await dial('127.0.1.4', request('x: y\r\n'.repeat(20))).closed).toMatch(/^HTTP\/1.1 431 /)

  const crowd = Array.from({ length: 11 }, () => dial('127.0.1.5', ''))
  expect(await Promise.race(crowd.map(({ closed }) => closed))).toBe('')

  const shakeHands = async (): Promise<string> => {
    const socket = connectTls({
      port: tlsPort,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      localAddress: '127.0.1.6',
    } as object)
    sockets.push(socket)
    return await new Promise((resolve) => {
      socket.on('error', () => {})
      socket.once('secureConnect', () => resolve('done'))
      socket.once('close', () => resolve('refused'))
    })
  }
  expect(
    (await Promise.all(Array.from({ length: 9 }, shakeHands))).filter((end) => end === 'refused').length,
  ).toBeGreaterThan(4)

  const hello = await clientHello()
  const waiting = Array.from({ length: 101 }, (_, n) => dial(`127.0.3.${n + 1}`, hello, tlsPort))
  await Promise.race(waiting.map(({ closed }) => closed))

  // At 100 requests a second nobody comes to reset 500 streams.
  const floods: readonly (readonly [limit: string, bytes: Buffer])[] = [
    ['max_streams_per_conn', repeat(11, (n) => frame(1, 5, 2 * n + 1, GET))],
    [
      'max_request_rate_per_conn',
      repeat(150, (n) => Buffer.concat([frame(1, 5, 2 * n + 1, GET), frame(3, 0, 2 * n + 1, Buffer.alloc(4))])),
    ],
    ['http2_settings', repeat(100, () => frame(4, 0, 0))],
    ['http2_pings', repeat(700, () => frame(6, 0, 0, Buffer.alloc(8)))],
    ['http2_empty_frames', Buffer.concat([frame(1, 4, 1, POST), repeat(700, () => frame(0, 0, 1))])],
    ['http2_window_updates', repeat(5_000, () => frame(8, 0, 0, Buffer.from([0, 0, 0, 1])))],
    ['http2_continuations', Buffer.concat([frame(1, 1, 1, GET), repeat(100, () => frame(9, 0, 1))])],
  ]
  const flooded = floods.map(([, bytes], n) => dial(`127.0.1.${10 + n}`, Buffer.concat([PREFACE, bytes])))
  // The first refuses a stream, and the connection stays; the others end.
  await Promise.all(flooded.slice(1).map(({ closed }) => closed))

  // Two hold all that there is, by a share each.
  const whole = (from: string): ReturnType<typeof dial> => {
    const body = `${SHARE.toString(16)}\r\n${'x'.repeat(SHARE)}\r\n`
    return dial(from, `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${body}`, wholePort)
  }
  const held = async (bytes: number): Promise<void> => {
    while ((await daemon.client.call('stats')).buffered_bytes < bytes);
  }
  whole('127.0.1.30')
  await held(SHARE)
  expect(await whole('127.0.1.30').closed).toMatch(/^HTTP\/1.1 503 /)
  whole('127.0.1.31')
  await held(2 * SHARE)
  expect(await whole('127.0.1.32').closed).toMatch(/^HTTP\/1.1 503 /)

  expect(await slowHead.closed).toMatch(/^HTTP\/1.1 408 /)
  expect(await slowBody.closed).toMatch(/^HTTP\/1.1 408 /)

  for (const socket of sockets) socket.destroy()
  const many = Array.from({ length: 1_034 }, (_, n) => dial(`127.0.4.${1 + Math.floor(n / 10)}`, ''))
  await Promise.race(many.map(({ closed }) => closed))
  // Whoever asks is not among those that are counted.
  const { limit_hits: hits } = await daemon.client.call('stats')
  const names = [...FLOORS.map(([name]) => name.toLowerCase()), ...floods.map(([limit]) => limit)]
  expect(Object.keys(hits).toSorted()).toEqual([...new Set(names)].toSorted())

  const lines = daemon.log.filter(({ msg }) => msg === 'limit hit')
  const told = lines.map(({ limit, address }) => `${String(limit)} ${String(address)}`)
  for (const [n, name] of ['header_timeout', 'body_idle_timeout', 'max_header_bytes', 'max_headers_count'].entries())
    expect(told).toContain(`${name} 127.0.1.${n + 1}`)
  expect(new Set(lines.map(({ limit }) => limit))).toEqual(new Set(names))
  // One line a second for a limit and an address.
  const lastAt = new Map<string, number>()
  for (const { limit, address, time } of lines) {
    const pair = `${String(limit)} ${String(address)}`
    expect(Number(time) - (lastAt.get(pair) ?? -Infinity)).toBeGreaterThanOrEqual(990)
    lastAt.set(pair, Number(time))
  }
})

/** What a real client sends first. */
async function clientHello(): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  server.close()
  return bytes
}
