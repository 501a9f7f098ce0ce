import { connect } from 'node:net'
import { issueCertificate } from 'vane-testkit'
import { expect, test } from 'vitest'
import { helloMessage, inRecords } from './support/client-hello-bytes.ts'
import { type StartedRules, startRules } from './support/start-rules.ts'
import { shakeHands } from './support/tls-client.ts'
import { until } from './support/until.ts'

const SITE = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test'] })
const FILES = { 'a.pem': SITE.chain, 'a.key': SITE.key }
const TLS = { cert_file: 'a.pem', key_file: 'a.key' }

/** The same bytes on every run: what fails can be tried again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A ClientHello that somebody has been at: cut, changed, with something behind it, in odd records. */
function spoil(random: (below: number) => number): Buffer {
  const parts = { sni: 'a.test', alpn: ['h2', 'http/1.1'], versions: [0x0304, 0x0303] }
  const cuts = Array.from({ length: random(6) }, () => 1 + random(80))
  const bytes = Buffer.from(inRecords(helloMessage(parts), cuts))
  for (let changes = random(4); changes > 0; changes--) bytes[random(bytes.length)] = random(256)
  const tail = Buffer.from(Array.from({ length: random(40) }, () => random(256)))
  return Buffer.concat([bytes.subarray(0, 1 + random(bytes.length)), tail])
}

/** Sends bytes, and then ends, breaks off, or waits to be cut. */
async function visit(server: StartedRules, bytes: Buffer, manner: number): Promise<void> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.resume()
  socket.write(bytes, () => {
    if (manner === 0) socket.resetAndDestroy()
    else if (manner === 1) socket.end()
  })
  socket.on('end', () => socket.end())
  await until('the end of a connection', () => socket.closed)
}

test.each([
  ['a listener with certificates', [{ tls: TLS, terminate: { type: 'static', status: 200 } }]],
  [
    'a listener that also forwards by name',
    [
      { match: { 'tls.sni': { equals: 'b.test' } }, terminate: { type: 'close' }, priority: 1 },
      { tls: TLS, terminate: { type: 'static', status: 200 } },
    ],
  ],
])('%s outlives whatever begins like a handshake, and keeps nothing of it', async (_what, rules) => {
  await using server = await startRules(rules, FILES, { limits: { headerTimeoutMs: 300 } })
  const random = createRandom(1)
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 20 }, () => visit(server, spoil(random), random(3))))
  }
  await until('the last close', () => server.engine.stats().connections.active === 0)
  expect(server.engine.stats().errors.internal).toBe(0)
  const { subject, socket } = await shakeHands(server.port, { servername: 'a.test' })
  expect(subject).toBe('a.test')
  socket.destroy()
})
