import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { UpstreamReason, UpstreamTls } from 'vane-core'
import { issueCertificate, issueRevocationList } from 'vane-testkit'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { closedPort } from '../../test/support/upstream.ts'
import { SystemRoots } from './system-roots.ts'
import { TlsFiles } from './tls-files.ts'
import { toTlsError } from './to-tls-error.ts'
import { createUpstreamIdentity, type UpstreamIdentity } from './upstream-tls.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const OTHER_CA = issueCertificate({ commonName: 'Other CA', isAuthority: true })
const SERVER = issueCertificate({ commonName: 'server', dnsNames: ['up.test'], ipAddresses: ['127.0.0.1'], issuer: CA })
const CLIENT = issueCertificate({ commonName: 'vane', issuer: CA })
const DEFAULTS: UpstreamTls = {
  verifyHostname: undefined,
  insecureSkipVerify: false,
  caFile: undefined,
  clientCert: undefined,
  crls: [],
  sni: undefined,
}
const ROOTS = new SystemRoots()

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'vane-upstream-tls-'))
  const files = {
    'ca.pem': CA.cert,
    'other.pem': OTHER_CA.cert,
    'client.pem': CLIENT.chain,
    'client.key': CLIENT.key,
    'empty.crl': issueRevocationList(CA),
    'revoked.crl': issueRevocationList(CA, [SERVER]),
    'late.crl': issueRevocationList(CA, [], { nextUpdate: new Date(Date.now() - 1_000) }),
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content)
  return () => rmSync(dir, { recursive: true })
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A server that says which name it was asked for and whom it talks to. */
async function startServer(options: TlsOptions = {}): Promise<number> {
  const server = createServer({ cert: SERVER.chain, key: SERVER.key, ...options }, (socket) => {
    socket.on('error', () => {})
    const client = socket.getPeerX509Certificate()?.subject
    socket.end(JSON.stringify({ sni: socket.servername || null, client: client ?? null }))
  })
  server.on('tlsClientError', () => {})
  return listen(server)
}

/** Where the upstreams of identities listen. */
const PORTS = new WeakMap<UpstreamIdentity, number>()

async function identityOf(tls: Partial<UpstreamTls>, port = 1, host = '127.0.0.1'): Promise<UpstreamIdentity> {
  const identity = await createUpstreamIdentity(
    { ...DEFAULTS, ...tls },
    { kind: 'tcp', host, port },
    { files: new TlsFiles(dir), roots: ROOTS },
  )
  PORTS.set(identity, port)
  return identity
}

function connectTo(identity: UpstreamIdentity, alpn: readonly string[]): TLSSocket {
  return identity.connect(alpn, { host: '127.0.0.1', port: PORTS.get(identity)! })
}

interface Visit {
  readonly said: { readonly sni: string | null; readonly client: string | null }
  readonly isResumed: boolean
}

/** Connects, listens to the end, and tells what was said. */
async function visit(identity: UpstreamIdentity): Promise<Visit> {
  const socket = connectTo(identity, ['http/1.1'])
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const failed = once(socket, 'close').then(() => {
    throw new Error('closed')
  })
  failed.catch(() => {})
  await Promise.race([once(socket, 'secureConnect'), failed])
  const isResumed = socket.isSessionReused()
  await once(socket, 'end')
  socket.destroy()
  return { said: JSON.parse(text) as Visit['said'], isResumed }
}

async function failureOf(
  identity: UpstreamIdentity,
  port: number,
  reason: UpstreamReason = 'tls-handshake',
): Promise<string | undefined> {
  const socket = connectTo(identity, [])
  socket.resume()
  const [error] = (await once(socket, 'error')) as [Error]
  const told = toTlsError(error, { kind: 'tcp', host: '127.0.0.1', port }, identity)
  if (told !== undefined) expect(told.category).toEqual({ kind: 'upstream', reason })
  return told?.message.replace(`TLS with the upstream "127.0.0.1:${port}" failed: `, '')
}

describe('an upstream', () => {
  test('is verified by its own name, against the authorities that the rule names', async () => {
    const port = await startServer()
    const { said } = await visit(await identityOf({ caFile: 'ca.pem' }, port))
    // An address is verified, and never asked for.
    expect(said).toEqual({ sni: null, client: null })
  })

  test('is verified by another name where the rule says so', async () => {
    const port = await startServer()
    const { said } = await visit(await identityOf({ caFile: 'ca.pem', verifyHostname: 'up.test' }, port))
    expect(said.sni).toBe('up.test')
  })

  test('is asked for another name where the rule says so', async () => {
    const port = await startServer()
    const identity = await identityOf({ caFile: 'ca.pem', verifyHostname: 'up.test', sni: 'inner.test' }, port)
    expect((await visit(identity)).said.sni).toBe('inner.test')
  })

  test('sees our certificate', async () => {
    const port = await startServer({ requestCert: true, ca: CA.cert })
    const clientCert = { certFile: 'client.pem', keyFile: 'client.key' }
    const { said } = await visit(await identityOf({ caFile: 'ca.pem', clientCert }, port))
    expect(said.client).toBe('CN=vane')
  })

  test('that is on no revocation list is good', async () => {
    const port = await startServer()
    await visit(await identityOf({ caFile: 'ca.pem', crls: ['empty.crl'] }, port))
  })

  test('is not looked at where the rule says so, which is warned of', async () => {
    const port = await startServer()
    const identity = await identityOf({ insecureSkipVerify: true }, port)
    expect(identity.warnings).toEqual([expect.stringMatching(/"127.0.0.1:\d+" is not verified/) as string])
    await visit(identity)
  })

  test('that is a Unix socket needs a name', async () => {
    const make = (tls: Partial<UpstreamTls>): Promise<UpstreamIdentity> =>
      createUpstreamIdentity(
        { ...DEFAULTS, ...tls },
        { kind: 'unix', path: '/run/x' },
        { files: new TlsFiles(dir), roots: ROOTS },
      )
    await expect(make({})).rejects.toThrow(/has no name to verify: write "verify_hostname"/)
    expect((await make({ verifyHostname: 'up.test' })).verifiedName).toBe('up.test')
    expect((await make({ insecureSkipVerify: true })).verifiedName).toBeUndefined()
  })
})

describe('a failure says what to do', () => {
  const expired = issueCertificate({ ipAddresses: ['127.0.0.1'], issuer: CA, notAfter: new Date(Date.now() - 1_000) })
  const early = issueCertificate({ ipAddresses: ['127.0.0.1'], issuer: CA, notBefore: new Date(Date.now() + 60_000) })
  const alone = issueCertificate({ commonName: 'alone', ipAddresses: ['127.0.0.1'] })

  test.each<[string, TlsOptions, Partial<UpstreamTls>, RegExp]>([
    ['expired', { cert: expired.cert, key: expired.key }, {}, /^its certificate has expired$/],
    ['not valid yet', { cert: early.cert, key: early.key }, {}, /^its certificate is not valid yet/],
    ['self-signed', { cert: alone.cert, key: alone.key }, {}, /^its certificate is self-signed/],
    [
      'another authority',
      {},
      { caFile: 'other.pem' },
      /^its certificate was signed by an authority that is not trusted \("ca_file"/,
    ],
    [
      'the system’s authorities',
      {},
      { caFile: undefined },
      /^its certificate was signed by an authority that is not trusted/,
    ],
    ['another name', {}, { verifyHostname: 'a.test' }, /^its certificate is not for "a.test", but for DNS:up.test/],
    ['revoked', {}, { crls: ['revoked.crl'] }, /^its certificate has been revoked$/],
    ['an old list', {}, { crls: ['late.crl'] }, /^a revocation list has expired/],
    ['a list of nobody concerned', {}, { caFile: 'ca.pem', crls: [], verifyHostname: 'x.test' }, /not for "x.test"/],
    [
      'an old version',
      { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      {},
      /no version of TLS from 1.2 on/,
    ],
    [
      'a certificate of ours',
      { requestCert: true, rejectUnauthorized: true, ca: CA.cert },
      {},
      /it wants a certificate of ours \("client_cert"\)/,
    ],
  ])('%s', async (_what, options, tls, reason) => {
    const port = await startServer(options)
    expect(await failureOf(await identityOf({ caFile: 'ca.pem', ...tls }, port), port)).toMatch(reason)
  })

  test('no TLS', async () => {
    const port = await listen(
      createPlainServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    )
    expect(await failureOf(await identityOf({}, port), port)).toBe('it does not speak TLS on that port')
  })

  test('a connection that closes', async () => {
    const port = await listen(
      createPlainServer((socket) => void socket.on('error', () => {}).once('data', () => socket.destroy())),
    )
    expect(await failureOf(await identityOf({}, port), port, 'unreachable')).toMatch(
      /^it closed the connection within the handshake$/,
    )
  })

  test('what comes before TLS is somebody else’s to tell', async () => {
    const port = await closedPort()
    expect(await failureOf(await identityOf({}, port), port)).toBeUndefined()
  })
})

describe('sessions', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('are resumed, verified once: %s', async (maxVersion) => {
    const port = await startServer({ maxVersion })
    const identity = await identityOf({ caFile: 'ca.pem' }, port)
    expect([(await visit(identity)).isResumed, (await visit(identity)).isResumed]).toEqual([false, true])
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('with somebody else are never resumed: %s', async (maxVersion) => {
    const port = await startServer({ maxVersion })
    const identity = await identityOf({ caFile: 'ca.pem', verifyHostname: 'a.test' }, port)
    for (let attempt = 0; attempt < 3; attempt++) expect(await failureOf(identity, port)).toMatch(/not for "a.test"/)
  })
})

describe('the key', () => {
  const address = { kind: 'tcp', host: 'up.test', port: 443 } as const
  const keyOf = async (tls: Partial<UpstreamTls>, at = address): Promise<string> =>
    (await createUpstreamIdentity({ ...DEFAULTS, ...tls }, at, { files: new TlsFiles(dir), roots: ROOTS })).key

  test('is the same for what is the same', async () => {
    expect(await keyOf({ caFile: 'ca.pem' })).toBe(await keyOf({ caFile: 'ca.pem' }))
    writeFileSync(join(dir, 'copy.pem'), CA.cert)
    expect(await keyOf({ caFile: 'copy.pem' })).toBe(await keyOf({ caFile: 'ca.pem' }))
    expect(await keyOf({ verifyHostname: 'up.test', sni: 'up.test' })).toBe(await keyOf({}))
  })

  test('is another one for whatever differs, contents of files included', async () => {
    writeFileSync(join(dir, 'changing.pem'), CA.cert)
    const before = await keyOf({ caFile: 'changing.pem' })
    writeFileSync(join(dir, 'changing.pem'), OTHER_CA.cert)
    const keys = [
      before,
      await keyOf({ caFile: 'changing.pem' }),
      await keyOf({}),
      await keyOf({ insecureSkipVerify: true }),
      await keyOf({ verifyHostname: 'a.test' }),
      await keyOf({ sni: 'a.test' }),
      await keyOf({ clientCert: { certFile: 'client.pem', keyFile: 'client.key' } }),
      await keyOf({ crls: ['empty.crl'] }),
      await keyOf({ crls: ['revoked.crl'] }),
      await keyOf({}, { ...address, host: 'b.test' as 'up.test' }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })
})

test.each<[string, Partial<UpstreamTls>, RegExp]>([
  ['no file', { caFile: 'gone.pem' }, /ca_file "gone.pem" cannot be read: it does not exist/],
  ['no authority', { caFile: 'client.key' }, /ca_file "client.key" holds no certificate/],
  ['no key', { clientCert: { certFile: 'client.pem', keyFile: 'ca.pem' } }, /key_file "ca.pem" holds no private key/],
  [
    'another key',
    { clientCert: { certFile: 'ca.pem', keyFile: 'client.key' } },
    /key_file "client.key" is not the key of cert_file "ca.pem"/,
  ],
  ['no list', { crls: ['ca.pem'] }, /crls "ca.pem" holds no revocation list/],
])('is refused with the file: %s', async (_what, tls, message) => {
  await expect(identityOf(tls)).rejects.toThrow(message)
})
