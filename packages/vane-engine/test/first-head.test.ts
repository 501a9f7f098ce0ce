import { connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Duplex } from 'node:stream'
import { issueCertificate } from 'vane-testkit'
import { expect, onTestFinished, test } from 'vitest'
import { CLIENT_PREFACE, frame, T } from './support/frame-client.ts'
import { startRules } from './support/start-rules.ts'
import { until } from './support/until.ts'

const SITE = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test'] })
const FILES = { 'a.pem': SITE.chain, 'a.key': SITE.key }
const TIMEOUT_MS = 1_500
const HEAD = 'GET / HTTP/1.1\r\nhost: a.test\r\nx: y'
const H2_HEAD = Buffer.concat([Buffer.from(CLIENT_PREFACE), frame(T.settings, 0, 0)])

const pause = (timeMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, timeMs))

/** Connects, and waits with TLS, where it is spoken, until it is called. */
async function connectSlowly(port: number, isSecure: boolean): Promise<{ begin(alpn: string): Promise<Duplex> }> {
  const plain = connectPlain({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  plain.on('error', () => {})
  onTestFinished(() => void plain.destroy())
  await until('a connection', () => !plain.connecting)
  return {
    async begin(alpn) {
      if (!isSecure) return plain
      const socket = connectTls({
        socket: plain,
        rejectUnauthorized: false,
        servername: 'a.test',
        ALPNProtocols: [alpn],
      })
      socket.on('error', () => {})
      await until('the handshake', () => socket.authorizationError !== null || socket.authorized)
      return socket
    },
  }
}

test.each([
  ['HTTP/1.1', false, 'http/1.1', HEAD],
  ['HTTP/2', false, 'h2', H2_HEAD],
  ['HTTP/1.1 over TLS', true, 'http/1.1', HEAD],
  ['HTTP/2 over TLS', true, 'h2', H2_HEAD],
])(
  'the time for the first head runs from the beginning, whatever comes in between: %s',
  async (_what, isSecure, alpn, head) => {
    const tls = isSecure ? { tls: { cert_file: 'a.pem', key_file: 'a.key' } } : {}
    await using server = await startRules([{ ...tls, terminate: { type: 'static', status: 200 } }], FILES, {
      limits: { headerTimeoutMs: TIMEOUT_MS },
    })
    const closed: string[] = []
    const slow = await connectSlowly(server.port, isSecure)
    await pause(TIMEOUT_MS * 0.3)
    // Each of these comes later than the first connection, and has the whole time before it.
    const later = connectPlain({ port: server.port, host: '127.0.0.1' })
    onTestFinished(() => void later.destroy())
    for (const event of ['end', 'error', 'close']) later.once(event, () => closed.push('later'))
    later.resume()
    await pause(TIMEOUT_MS * 0.2)
    const socket = await slow.begin(alpn)
    for (const event of ['end', 'error', 'close']) socket.once(event, () => closed.push('slow'))
    socket.resume()
    socket.write(head.slice(0, 3))
    await pause(TIMEOUT_MS * 0.1)
    socket.write(head.slice(3))
    await until('the end of both', () => closed.includes('slow') && closed.includes('later'))
    expect(closed[0]).toBe('slow')
  },
)
