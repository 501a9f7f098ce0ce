import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket, connect as connectPlain } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, type ConnectionOptions } from 'node:tls'
import { issueCertificate, issueRevocationList } from 'vane-testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toLoaded, toTrust } from '../../test/support/loaded-certificate.ts'
import { shakeHands } from '../../test/support/tls-client.ts'
import { until } from '../../test/support/until.ts'
import { TicketKeys } from './ticket-keys.ts'
import { type HandshakeOutcome, type TerminatorParts, TlsTerminator } from './tls-terminator.ts'

/** How a client hears of it that it was refused. */
const REFUSED = /alert|closed|ECONNRESET|EPIPE|disconnected/

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const OTHER_CA = issueCertificate({ commonName: 'Other CA', isAuthority: true })
const issue = (name: string, dnsNames: readonly string[] = [name], issuer = CA) =>
  issueCertificate({ commonName: name, dnsNames, issuer })
const DEFAULT = issue('default.test')
const CLIENT = issue('client')

interface Running {
  readonly port: number
  readonly outcomes: HandshakeOutcome[]
  readonly sockets: Socket[]
}

function make(parts: Partial<TerminatorParts> = {}): TlsTerminator {
  return new TlsTerminator({
    certificates: [{ sni: undefined, certificate: toLoaded(DEFAULT), ocsp: undefined }],
    clients: undefined,
    ticketKeys: new TicketKeys(),
    alpn: ['http/1.1'],
    ...parts,
  })
}

/** Hands every connection to the terminator; one that is done says hello. */
async function run(terminator: TlsTerminator): Promise<Running> {
  const [outcomes, sockets]: [HandshakeOutcome[], Socket[]] = [[], []]
  const server = createServer((socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
    terminator.handshake(socket, undefined, (outcome) => {
      outcomes.push(outcome)
      if (outcome.status !== 'done') return
      outcome.socket.on('error', () => {})
      outcome.socket.write('hello')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { port: (server.address() as AddressInfo).port, outcomes, sockets }
}

async function shake(port: number, options: ConnectionOptions = {}) {
  const result = await shakeHands(port, options)
  expect(String(await result.firstBytes)).toBe('hello')
  result.socket.destroy()
  return result
}

test('certificates are found by name, then by wildcard, then by default', async () => {
  const terminator = make({
    certificates: [
      { sni: undefined, certificate: toLoaded(DEFAULT), ocsp: undefined },
      ...['a.test', '*.test', '*.b.test'].map((sni) => ({
        sni,
        certificate: toLoaded(issue(sni)),
        ocsp: undefined,
      })),
    ],
  })
  const { port } = await run(terminator)
  const shown: Record<string, string | undefined> = {}
  for (const servername of ['a.test', 'A.TEST', 'x.test', 'y.x.test', 'x.b.test', 'b.test', 'other'])
    shown[servername] = (await shake(port, { servername })).subject
  expect(shown).toEqual({
    'a.test': 'a.test',
    'A.TEST': 'a.test',
    'x.test': '*.test',
    'y.x.test': '*.test',
    'x.b.test': '*.b.test',
    'b.test': '*.test',
    other: 'default.test',
  })
  expect((await shake(port)).subject).toBe('default.test')
})

test('without a certificate for a name the handshake fails', async () => {
  const { port, outcomes } = await run(
    make({ certificates: [{ sni: 'a.test', certificate: toLoaded(issue('a.test')), ocsp: undefined }] }),
  )
  for (const options of [{ servername: 'b.test' }, {}, { maxVersion: 'TLSv1.2' }] as const)
    await expect(shake(port, options)).rejects.toThrow(/handshake failure/)
  expect(outcomes).toEqual(
    [1, 2, 3].map(() => ({ status: 'failed', reason: expect.stringMatching(/no cipher suite|suitable/) as string })),
  )
  expect((await shake(port, { servername: 'a.test' })).subject).toBe('a.test')
})

test('says what was agreed on', async () => {
  const { port, outcomes } = await run(make({ alpn: ['h2', 'http/1.1'] }))
  await shake(port, { servername: 'a.test', ALPNProtocols: ['http/1.1', 'h2'] })
  await shake(port, { maxVersion: 'TLSv1.2' })
  const [first, second] = outcomes
  expect(first).toMatchObject({ tls: { version: '1.3', sni: 'a.test', alpn: 'h2', peerCertificate: undefined } })
  expect(second).toMatchObject({ tls: { version: '1.2', sni: undefined, alpn: undefined } })
})

test('a client that offers none of the protocols is refused', async () => {
  const { port } = await run(make())
  await expect(shake(port, { ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/)
})

const OLD = 'the client offers no version of TLS from 1.2 on'
const WEAK = 'the client offers no cipher suite that is good enough, or none for the certificate'
test.each<[string, ConnectionOptions, string]>([
  ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }, OLD],
  ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, OLD],
  ['a suite without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }, WEAK],
  ['a suite with CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }, WEAK],
])('%s is refused, and the reason is told', async (_what, options, reason) => {
  const { port, outcomes } = await run(make())
  await expect(shake(port, options)).rejects.toThrow(/protocol version|handshake failure/)
  await until('an outcome', () => outcomes[0])
  expect(outcomes).toEqual([{ status: 'failed', reason }])
})

test('a connection that closes within its handshake is told of once', async () => {
  const { port, outcomes, sockets } = await run(make())
  // It never says hello: the handshake cannot be over before the connection is.
  const client = connectPlain({ port, host: '127.0.0.1' })
  client.on('error', () => {})
  await until('a connection', () => sockets[0])
  sockets[0]!.destroy()
  await until('the end', () => sockets[0]!.closed && outcomes.length > 0)
  // Whatever else closes does so by then.
  await nextTurn()
  expect(outcomes).toMatchObject([{ status: 'failed' }])
  client.destroy()
})

test('a stored OCSP response is stapled to the certificate it is for', async () => {
  const ocsp = Buffer.from('3003020100', 'hex')
  const { port } = await run(
    make({
      certificates: [
        { sni: undefined, certificate: toLoaded(DEFAULT), ocsp: undefined },
        { sni: 'a.test', certificate: toLoaded(issue('a.test')), ocsp },
      ],
    }),
  )
  const stapled = async (servername: string): Promise<Buffer | null> => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, requestOCSP: true, servername })
    const [response] = (await once(socket, 'OCSPResponse')) as [Buffer | null]
    socket.destroy()
    return response
  }
  expect(await stapled('a.test')).toEqual(ocsp)
  expect(await stapled('b.test')).toBeNull()
})

describe('sessions', () => {
  const versions = ['TLSv1.2', 'TLSv1.3'] as const

  async function sessionOf(port: number, options: ConnectionOptions): Promise<Buffer> {
    const { socket, session } = await shakeHands(port, options)
    const bytes = await session
    socket.destroy()
    return bytes
  }

  test.each(versions)(
    'are resumed on other listeners and after a reload, whatever their certificates: %s',
    async (maxVersion) => {
      const ticketKeys = new TicketKeys()
      const named = (): TlsTerminator =>
        make({
          ticketKeys,
          certificates: [{ sni: 'a.test', certificate: toLoaded(issue('a.test')), ocsp: undefined }],
        })
      const [first, second] = [await run(named()), await run(named())]
      const options = { servername: 'a.test', maxVersion }
      const session = await sessionOf(first.port, options)
      for (const { port } of [first, second]) expect((await shake(port, { ...options, session })).isResumed).toBe(true)
    },
  )

  test.each(versions)('end with the keys that sealed them: %s', async (maxVersion) => {
    const clock = { nowMs: 0 }
    const ticketKeys = new TicketKeys(() => clock.nowMs, 1_000)
    const { port } = await run(
      make({
        ticketKeys,
        certificates: [{ sni: 'a.test', certificate: toLoaded(issue('a.test')), ocsp: undefined }],
      }),
    )
    const options = { servername: 'a.test', maxVersion }
    const session = await sessionOf(port, options)
    clock.nowMs = 999
    expect((await shake(port, { ...options, session })).isResumed).toBe(true)
    clock.nowMs = 1_000
    expect((await shake(port, { ...options, session })).isResumed).toBe(false)
    const fresh = await sessionOf(port, options)
    expect((await shake(port, { ...options, session: fresh })).isResumed).toBe(true)
  })

  test.each(versions)('are not resumed where clients are asked in another way: %s', async (maxVersion) => {
    const ticketKeys = new TicketKeys()
    const open = await run(make({ ticketKeys }))
    const session = await sessionOf(open.port, { maxVersion })
    const closed = await run(make({ ticketKeys, clients: { mode: 'require', trust: toTrust([CA]) } }))
    await expect(shake(closed.port, { maxVersion, session })).rejects.toThrow(REFUSED)
    const { cert, key } = CLIENT
    expect((await shake(closed.port, { maxVersion, session, cert, key })).isResumed).toBe(false)
  })

  test.each(versions)('keep the certificate of their client: %s', async (maxVersion) => {
    const { port, outcomes } = await run(make({ clients: { mode: 'require', trust: toTrust([CA]) } }))
    const { cert, key } = CLIENT
    const session = await sessionOf(port, { maxVersion, cert, key })
    expect((await shake(port, { maxVersion, session })).isResumed).toBe(true)
    expect(outcomes.map((outcome) => outcome.status === 'done' && outcome.tls.peerCertificate?.subjectCn)).toEqual([
      'client',
      'client',
    ])
  })

  test.each(versions)('do not outlive the certificate of their client: %s', async (maxVersion) => {
    const { port, outcomes } = await run(make({ clients: { mode: 'require', trust: toTrust([CA]) } }))
    const notAfter = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000)
    const { cert, key } = issueCertificate({ commonName: 'brief', issuer: CA, notAfter })
    const session = await sessionOf(port, { maxVersion, cert, key })
    await until('the end of its time', () => Date.now() > notAfter.getTime())
    await expect(shake(port, { maxVersion, session })).rejects.toThrow(REFUSED)
    expect(outcomes.at(-1)).toMatchObject({ status: 'failed', reason: 'client certificate: out of its time' })
  })
})

describe('client certificates', () => {
  const trusted = { mode: 'require', trust: toTrust([CA]) } as const
  const requested = { mode: 'request', trust: toTrust([CA]) } as const
  const subjectOf = (outcome: HandshakeOutcome | undefined): string | undefined =>
    outcome?.status === 'done' ? outcome.tls.peerCertificate?.subjectCn : 'failed'

  test('one that was signed by an authority that is trusted is known from then on', async () => {
    for (const clients of [trusted, requested]) {
      const { port, outcomes } = await run(make({ clients }))
      const { cert, key } = CLIENT
      await shake(port, { cert, key })
      expect(subjectOf(outcomes[0])).toBe('client')
    }
  })

  test('none is needed where one is only requested', async () => {
    const { port, outcomes } = await run(make({ clients: requested }))
    await shake(port)
    expect(outcomes).toMatchObject([{ status: 'done', tls: { peerCertificate: undefined } }])
  })

  test('none is looked at where none was asked for', async () => {
    const { port, outcomes } = await run(make())
    const { cert, key } = CLIENT
    await shake(port, { cert, key })
    expect(outcomes).toMatchObject([{ status: 'done', tls: { peerCertificate: undefined } }])
  })

  const expired = issueCertificate({ commonName: 'late', issuer: CA, notAfter: new Date(Date.now() - 1_000) })
  const bad: [string, { cert: string; key: string } | undefined, RegExp][] = [
    ['none', undefined, /^client certificate: none was shown$/],
    ['another authority', issue('client', [], OTHER_CA), /UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/],
    ['its own word', issueCertificate({ commonName: 'client' }), /DEPTH_ZERO_SELF_SIGNED_CERT/],
    ['one out of its time', expired, /CERT_HAS_EXPIRED/],
  ]
  for (const mode of ['require', 'request'] as const) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      test.each(mode === 'require' ? bad : bad.slice(1))(
        `by %s, where one is ${mode === 'require' ? 'required' : 'requested'}, nobody comes in: ${maxVersion}`,
        async (_what, client, reason) => {
          const { port, outcomes } = await run(make({ clients: { mode, trust: toTrust([CA]) } }))
          await expect(shake(port, { maxVersion, cert: client?.cert, key: client?.key })).rejects.toThrow(REFUSED)
          await until('an outcome', () => outcomes[0])
          expect(outcomes).toEqual([{ status: 'failed', reason: expect.stringMatching(reason) as string }])
        },
      )
    }
  }

  test('one that was revoked does not let anybody in, and others still do', async () => {
    const crl = issueRevocationList(CA, [CLIENT])
    const { port, outcomes } = await run(make({ clients: { mode: 'require', trust: toTrust([CA], [crl]) } }))
    const { cert, key } = CLIENT
    await expect(shake(port, { cert, key })).rejects.toThrow(REFUSED)
    await until('an outcome', () => outcomes[0])
    expect(outcomes[0]).toEqual({ status: 'failed', reason: expect.stringMatching(/CERT_REVOKED/) as string })
    const other = issue('other')
    await shake(port, { cert: other.cert, key: other.key })
    expect(subjectOf(outcomes[1])).toBe('other')
  })

  test('the way to the authority may lead over others that the client shows', async () => {
    const middle = issueCertificate({ commonName: 'Middle', isAuthority: true, issuer: CA })
    const leaf = issue('client', [], middle)
    const { port, outcomes } = await run(make({ clients: trusted }))
    await shake(port, { cert: leaf.chain, key: leaf.key })
    expect(subjectOf(outcomes[0])).toBe('client')
  })

  test('authorities are those of the listener whatever name was asked for', async () => {
    const { port } = await run(
      make({
        clients: trusted,
        certificates: [{ sni: 'a.test', certificate: toLoaded(issue('a.test')), ocsp: undefined }],
      }),
    )
    const { cert, key } = CLIENT
    await shake(port, { servername: 'a.test', cert, key })
    const stranger = issue('client', [], OTHER_CA)
    await expect(shake(port, { servername: 'a.test', cert: stranger.cert, key: stranger.key })).rejects.toThrow(REFUSED)
  })
})

describe('a request on a connection for another host', () => {
  const certificates = [
    { sni: 'a.test', certificate: toLoaded(issue('a.test', ['a.test', 'also-a.test'])), ocsp: undefined },
    { sni: 'b.test', certificate: toLoaded(issue('b.test')), ocsp: undefined },
    { sni: '*.c.test', certificate: toLoaded(issue('c', ['*.c.test'])), ocsp: undefined },
  ]
  const withDefault = [{ sni: undefined, certificate: toLoaded(DEFAULT), ocsp: undefined }, ...certificates]

  test.each([
    ['a.test', 'a.test', true, true],
    ['a.test', 'also-a.test', true, true],
    ['a.test', 'b.test', false, false],
    ['a.test', 'unknown.test', false, false],
    ['a.test', '', true, true],
    ['a.test', '127.0.0.1', false, false],
    ['a.test', '[::1]', false, false],
    ['x.c.test', 'y.c.test', true, true],
    ['unknown.test', 'also-unknown.test', true, undefined],
    ['unknown.test', '127.0.0.1', true, undefined],
    ['unknown.test', 'a.test', false, undefined],
  ])('from %s to %s: with a default %s, without %s', async (sni, host, expectedWith, expectedWithout) => {
    for (const [list, expected] of [
      [withDefault, expectedWith],
      [certificates, expectedWithout],
    ] as const) {
      if (expected === undefined) continue
      const { port, outcomes } = await run(make({ certificates: list }))
      await shake(port, { servername: sni })
      const [outcome] = outcomes
      expect(outcome?.status === 'done' && outcome.tls.covers(host)).toBe(expected)
      // The answer is kept, and stays the same.
      expect(outcome?.status === 'done' && outcome.tls.covers(host)).toBe(expected)
    }
  })
})
