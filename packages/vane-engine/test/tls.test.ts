import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { CONTEXT_PATHS, type L7RequestInput, type SymbolicFlowGraph } from 'vane-core'
import { issueCertificate, issueRevocationList, type IssuedCertificate } from 'vane-testkit'
import { describe, expect, test } from 'vitest'
import { createFakeWasm } from './support/fake-wasm.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { type ConfigFiles, startRules, writeFiles } from './support/start-rules.ts'
import { captureClientHello, shakeHands } from './support/tls-client.ts'
import { startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const A = issueCertificate({ commonName: 'a.test', dnsNames: ['a.test'], issuer: CA })
const B = issueCertificate({ commonName: 'b.test', dnsNames: ['b.test'], issuer: CA })
const CLIENT = issueCertificate({
  commonName: 'client',
  organization: 'Tests',
  dnsNames: ['c.test'],
  serial: '0a1b',
  issuer: CA,
})

const filesOf = (name: string, { chain, key }: IssuedCertificate): ConfigFiles => ({
  [`${name}.pem`]: chain,
  [`${name}.key`]: key,
})
const FILES: ConfigFiles = { ...filesOf('a', A), ...filesOf('b', B), 'ca.pem': CA.cert }
const tls = (name: string, keys: object = {}): object => ({
  cert_file: `${name}.pem`,
  key_file: `${name}.key`,
  ...keys,
})
const answer = (body: string): object => ({ type: 'static', status: 200, body })

/** Sends one request over TLS and answers the response. */
async function ask(port: number, request: string, options: Parameters<typeof shakeHands>[1] = {}): Promise<string> {
  const { socket } = await shakeHands(port, options)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.write(request)
  await until('the end', () => socket.closed || socket.readableEnded)
  socket.destroy()
  return text
}

const get = (host: string): string => `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`

test('requests come through TLS, each name with its certificate', async () => {
  await using server = await startRules(
    [
      {
        match: { 'http.host': { equals: 'a.test' } },
        tls: tls('a', { sni: 'a.test' }),
        terminate: answer('this is a'),
      },
      {
        match: { 'http.host': { equals: 'b.test' } },
        tls: tls('b', { sni: 'b.test' }),
        terminate: answer('this is b'),
      },
    ],
    FILES,
  )
  for (const name of ['a', 'b']) {
    const { subject, socket } = await shakeHands(server.port, { servername: `${name}.test` })
    expect(subject).toBe(`${name}.test`)
    socket.destroy()
    expect(await ask(server.port, get(`${name}.test`), { servername: `${name}.test` })).toMatch(
      new RegExp(`^HTTP/1.1 200 .*this is ${name}$`, 's'),
    )
  }
})

test('nothing is shown for other names, and the client is told so', async () => {
  await using server = await startRules([{ tls: tls('a', { sni: 'a.test' }), terminate: answer('') }], FILES)
  await expect(shakeHands(server.port, { servername: 'b.test' })).rejects.toThrow(/unrecognized name/)
  await expect(shakeHands(server.port)).rejects.toThrow(/missing extension|alert/)
  expect(server.engine.stats().errors.protocol).toBe(2)
  expect(server.logs.map(({ fields }) => fields['reason'])).toEqual(
    expect.arrayContaining(['no certificate for "b.test"', 'no name asked for, and no default certificate']),
  )
})

test('a request in clear is told what is wrong', async () => {
  await using server = await startRules([{ tls: tls('a'), terminate: answer('') }], FILES)
  expect(await exchangeRaw(server.port, get('a.test'))).toMatch(
    /^HTTP\/1.1 400 Bad Request\r\n.*connection: close\r\n\r\n.*This port speaks TLS: use https:\/\//s,
  )
  expect(server.engine.stats().requests.byStatus['4xx']).toBe(1)
  expect(await exchangeRaw(server.port, 'SSH-2.0-x\r\n')).toBe('')
})

test('TLS on a port in clear is closed without an answer', async () => {
  await using server = await startRules([{ terminate: answer('') }], {})
  await expect(shakeHands(server.port)).rejects.toThrow(/ECONNRESET|disconnected|closed/)
  expect(await exchangeRaw(server.port, get('a'))).toMatch(/^HTTP\/1.1 200/)
})

test('a request for a host that the connection is not for is misdirected', async () => {
  await using server = await startRules(
    [
      {
        match: { 'http.host': { equals: 'a.test' } },
        tls: tls('a', { sni: 'a.test' }),
        terminate: answer('this is a'),
      },
      {
        match: { 'http.host': { equals: 'b.test' } },
        tls: tls('b', { sni: 'b.test' }),
        terminate: answer('this is b'),
      },
    ],
    FILES,
  )
  expect(await ask(server.port, get('b.test').replace('connection: close\r\n', ''), { servername: 'a.test' })).toMatch(
    /^HTTP\/1.1 421 .*connection: close/s,
  )
  const { requests } = server.engine.stats()
  expect([requests.total, requests.active, requests.byStatus['4xx']]).toEqual([1, 0, 1])
})

test('an upstream is told that the client came by https', async () => {
  const told: unknown[] = []
  await using upstream = await startUpstream((req, res) => {
    told.push(req.headers.forwarded)
    res.end('from upstream')
  })
  await using server = await startRules(
    [
      {
        middleware_chain: [{ use: 'forward_client_ip', args: { headers: ['forwarded'] } }],
        tls: tls('a'),
        terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstream.port}` },
      },
    ],
    FILES,
  )
  expect(await ask(server.port, get('a.test'))).toMatch(/from upstream/)
  expect(told).toEqual([expect.stringMatching(/;proto=https/) as string])
})

describe('what is known of the client', () => {
  const { fingerprint, spki } = facts(CLIENT)
  const certified = { cert: CLIENT.cert, key: CLIENT.key }
  const clientAuth = (mode: string, keys: object = {}): object => ({
    client_auth: { mode, trust_store: { ca_paths: ['ca.pem'], ...keys } },
  })

  test.each<[object, boolean, boolean]>([
    [{ 'tls.version': { equals: '1.3' } }, true, true],
    [{ 'tls.version': { equals: '1.2' } }, false, false],
    [{ 'tls.sni': { equals: 'a.test' } }, true, true],
    [{ 'tls.alpn': { equals: 'http/1.1' } }, true, true],
    [{ peek: { prefix: { base64: 'FgM=' } } }, true, true],
    [{ 'tls.peer_cert.present': { equals: true } }, true, false],
    [{ 'tls.peer_cert.present': { equals: false } }, false, true],
    [{ 'tls.peer_cert.subject_cn': { equals: 'client' } }, true, false],
    [{ 'tls.peer_cert.subject_cn': { not_equals: 'other' } }, true, false],
    [{ 'tls.peer_cert.issuer_cn': { prefix: 'Test' } }, true, false],
    [{ 'tls.peer_cert.serial': { equals: '0a1b' } }, true, false],
    [{ 'tls.peer_cert.fingerprint_sha256': { in: [fingerprint] } }, true, false],
    [{ 'tls.peer_cert.spki_sha256': { equals: spki } }, true, false],
    [{ 'tls.peer_cert.san_dns': { contains: 'c.test' } }, true, false],
    [{ 'tls.peer_cert.san_dns': { contains: 'test' } }, false, false],
    [{ 'tls.peer_cert.san_dns': { not_contains: 'd.test' } }, true, false],
  ])('%j holds with a certificate %s, without %s', async (match, withOne, without) => {
    await using server = await startRules(
      [
        { match, tls: tls('a', clientAuth('request')), terminate: answer('yes') },
        { tls: tls('a', clientAuth('request')), terminate: answer('no') },
      ],
      FILES,
    )
    const options = { servername: 'a.test', ALPNProtocols: ['http/1.1'] }
    expect(await ask(server.port, get('a.test'), { ...options, ...certified })).toMatch(withOne ? /yes$/ : /no$/)
    expect(await ask(server.port, get('a.test'), options)).toMatch(without ? /yes$/ : /no$/)
  })

  test('authorities can come from a folder, and revocation lists take certificates back', async () => {
    const rules = [
      {
        tls: tls('a', { client_auth: { mode: 'require', trust_store: { ca_dir: 'ca', crls: ['crl.pem'] } } }),
        terminate: answer('in'),
      },
    ]
    await using server = await startRules(rules, {
      ...FILES,
      'ca/one.crt': CA.cert,
      'ca/README': 'no certificate',
      'ca/.hidden.pem': 'no certificate either',
      'crl.pem': issueRevocationList(CA),
    })
    expect(await ask(server.port, get('a.test'), certified)).toMatch(/in$/)
    const { socket, session } = await shakeHands(server.port, certified)
    const kept = await session
    socket.destroy()
    writeFiles(server.dir, { 'crl.pem': issueRevocationList(CA, [CLIENT]) })
    await server.reload(rules)
    // Not by a session from before, either.
    for (const options of [certified, { ...certified, session: kept }])
      expect(await ask(server.port, get('a.test'), options).catch(String)).not.toMatch(/in$/)
  })

  test('whoever came in under other rules has to come again', async () => {
    await using server = await startRules([{ tls: tls('a'), terminate: answer('in') }], FILES)
    const { socket } = await shakeHands(server.port, { servername: 'a.test' })
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.write('GET / HTTP/1.1\r\nhost: a.test\r\n\r\n')
    await until('the first answer', () => text.endsWith('in'))
    await server.reload([{ tls: tls('a', clientAuth('require')), terminate: answer('in') }])
    socket.write('GET / HTTP/1.1\r\nhost: a.test\r\n\r\n')
    await until('the end', () => socket.readableEnded || socket.closed)
    socket.destroy()
    expect(text).toMatch(/in(?:HTTP\/1.1 421 .*connection: close.*)$/s)
  })

  test('whoever came in before there was TLS has to come again', async () => {
    await using server = await startRules([{ terminate: answer('in') }], FILES)
    using client = await connectRaw(server.port)
    client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await client.received('in')
    await server.reload([{ tls: tls('a'), terminate: answer('in') }])
    client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(await client.closed()).toMatch(/HTTP\/1.1 421 .*connection: close/s)
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (maxVersion) => {
  const named = { servername: 'a.test', maxVersion }
  const ownName = { sni: 'a.test' }
  const askingClients = (mode: string, file = 'ca.pem'): object => ({
    ...ownName,
    client_auth: { mode, trust_store: { ca_paths: [file] } },
  })
  const certified = { ...named, cert: CLIENT.cert, key: CLIENT.key }

  async function sessionOf(port: number, options: ConnectionOptions): Promise<Buffer> {
    const { socket, session } = await shakeHands(port, options)
    const bytes = await session
    socket.destroy()
    return bytes
  }

  /** Whether the session was resumed, the status, and the body. */
  async function askAgain(port: number, host: string, options: ConnectionOptions): Promise<string> {
    const { socket, isResumed } = await shakeHands(port, options)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.write(get(host))
    await until('the end', () => socket.closed || socket.readableEnded)
    socket.destroy()
    return `${isResumed ? 'resumed' : 'new'} ${text.slice(9, 12)} ${text.split('\r\n\r\n')[1]}`
  }

  test('serves the name it is resumed for and no other, also after a reload and on another listener', async () => {
    await using server = await startRules([{ tls: tls('a', ownName), terminate: answer('') }], FILES)
    const { port } = server
    const rules = [
      { match: { 'http.host': { equals: 'b.test' } }, tls: tls('b', { sni: 'b.test' }), terminate: answer('b') },
      { tls: tls('a', ownName), terminate: answer('one') },
      { listen: [`127.0.0.2:${port}`], tls: tls('a', ownName), terminate: answer('two') },
    ]
    await server.reload(rules)
    const options = { ...named, session: await sessionOf(port, named) }
    expect(await askAgain(port, 'a.test', options)).toBe('resumed 200 one')
    expect(await askAgain(port, 'b.test', options)).toMatch(/^resumed 421/)
    expect(await askAgain(port, 'a.test', { ...options, host: '127.0.0.2' })).toBe('resumed 200 two')
    writeFiles(server.dir, { 'b.pem': A.chain, 'b.key': A.key })
    await server.reload(rules)
    expect(await askAgain(port, 'a.test', options)).toBe('resumed 200 one')
  })

  test('tells rules of the name and of the certificate of its client', async () => {
    const match = [
      { 'tls.sni': { equals: 'a.test' } },
      { 'tls.peer_cert.subject_cn': { equals: 'client' } },
      { 'tls.peer_cert.san_dns': { contains: 'c.test' } },
    ]
    await using server = await startRules(
      [
        { match, tls: tls('a', askingClients('require')), terminate: answer('known') },
        { tls: tls('a', askingClients('require')), terminate: answer('unknown') },
      ],
      FILES,
    )
    const session = await sessionOf(server.port, certified)
    expect(await askAgain(server.port, 'a.test', { ...named, session })).toBe('resumed 200 known')
  })

  test('is not resumed on a listener that asks in another way, or believes other authorities', async () => {
    await using server = await startRules([{ tls: tls('a', ownName), terminate: answer('in') }], FILES)
    const { port } = server
    const at = (host: string, keys: object): object => ({
      listen: [`${host}:${port}`],
      tls: tls('a', keys),
      terminate: answer('in'),
    })
    const [required, requested, otherTrust] = ['127.0.0.2', '127.0.0.3', '127.0.0.4']
    await server.reload([
      { tls: tls('a', ownName), terminate: answer('in') },
      at(required, askingClients('require')),
      at(requested, askingClients('request')),
      at(otherTrust, askingClients('require', 'b.pem')),
    ])
    const askAt = (host: string, session: Buffer): Promise<string> =>
      askAgain(port, 'a.test', { ...named, host, session }).catch(String)
    const unasked = await sessionOf(port, named)
    const unnamed = await sessionOf(port, { ...named, host: requested })
    const known = await sessionOf(port, { ...certified, host: required })
    expect(await askAt(required, known)).toBe('resumed 200 in')
    for (const session of [unasked, unnamed]) expect(await askAt(required, session)).not.toMatch(/200/)
    expect(await askAt(otherTrust, known)).not.toMatch(/200/)
    expect(await askAt(requested, known)).toBe('new 200 in')
  })
})

describe('a reload', () => {
  test('shows new certificates to new connections, and leaves old ones be', async () => {
    const rules = [{ tls: tls('a'), terminate: answer('in') }]
    await using server = await startRules(rules, FILES)
    const { socket } = await shakeHands(server.port)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const served = server.compile(rules)
    const before = await server.engine.hashFiles(served)
    writeFiles(server.dir, { 'a.pem': B.chain, 'a.key': B.key })
    expect(await server.engine.hashFiles(served)).not.toBe(before)
    await server.reload(rules)
    const fresh = await shakeHands(server.port)
    expect(fresh.subject).toBe('b.test')
    fresh.socket.destroy()
    socket.write(get('a.test'))
    await until('the answer', () => text.endsWith('in'))
    socket.destroy()
  })

  test('with a broken file changes nothing', async () => {
    const rules = [{ tls: tls('a'), terminate: answer('in') }]
    await using server = await startRules(rules, FILES)
    writeFiles(server.dir, { 'a.pem': 'half a fi' })
    await expect(server.reload(rules)).rejects.toThrow(
      /rule "r0" \(rules\/x.json:\d+:\d+\): tls: cert_file "a.pem" holds no certificate/,
    )
    expect(await ask(server.port, get('a.test'))).toMatch(/in$/)
  })

  test('hashes the files that linking it reads', async () => {
    const rules = [
      {
        tls: tls('a', {
          client_auth: { mode: 'require', trust_store: { ca_paths: ['ca.pem'], ca_dir: 'ca', crls: ['crl.pem'] } },
        }),
        terminate: answer('in'),
      },
    ]
    const files = { ...FILES, 'ca/a.pem': CA.cert, 'crl.pem': issueRevocationList(CA) }
    await using server = await startRules(rules, files)
    const graph = server.compile(rules)
    const linked = await server.engine.link(graph)
    expect(await server.engine.hashFiles(graph)).toBe(linked.filesDigest)
    linked.dispose()
    for (const name of ['a.pem', 'a.key', 'ca.pem', 'ca/a.pem', 'ca/b.pem', 'crl.pem']) {
      writeFiles(server.dir, { ...files, [name]: 'other' })
      expect([name, await server.engine.hashFiles(graph)]).not.toEqual([name, linked.filesDigest])
      writeFiles(server.dir, files)
    }
  })
})

describe('link', () => {
  test('tells all that is wrong at once, each with rule, file and line', async () => {
    const broken = [
      { name: 'gone', match: { 'http.host': { equals: 'x' } }, tls: tls('gone', { sni: 'x' }), terminate: answer('') },
      {
        name: 'mixed',
        match: { 'http.host': { equals: 'y' } },
        tls: { cert_file: 'a.pem', key_file: 'b.key', sni: 'y' },
        terminate: answer(''),
      },
      {
        name: 'locked',
        match: { 'http.host': { equals: 'z' } },
        tls: { cert_file: 'a.pem', key_file: 'locked.key', sni: 'z' },
        terminate: answer(''),
      },
      {
        name: 'turned',
        match: { 'http.host': { equals: 'w' } },
        tls: { cert_file: 'turned.pem', key_file: 'a.key', sni: 'w' },
        terminate: answer(''),
      },
    ]
    const error: unknown = await startRules(broken, {
      ...FILES,
      'locked.key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
      'turned.pem': CA.cert + A.cert,
    }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ category: { kind: 'compile' }, context: { file: 'rules/x.json' } })
    const lines = (error as Error).message.split('\n').toSorted()
    expect(lines).toEqual([
      expect.stringMatching(
        /^rule "gone" \(rules\/x.json:\d+:\d+\): tls: cert_file "gone.pem" cannot be read: it does not exist$/,
      ),
      expect.stringMatching(/^rule "locked" .*: tls: key_file "locked.key" is locked with a passphrase/),
      expect.stringMatching(/^rule "mixed" .*: tls: key_file "b.key" is not the key of cert_file "a.pem"$/),
      expect.stringMatching(
        /^rule "turned" .*: tls: key_file "a.key" belongs to a certificate in cert_file "turned.pem" that is not the first/,
      ),
    ])
  })

  test.each<[string, object, ConfigFiles, RegExp]>([
    [
      'authorities that do not exist',
      { client_auth: { mode: 'require', trust_store: { ca_paths: ['no.pem'] } } },
      {},
      /ca_paths "no.pem" cannot be read: it does not exist/,
    ],
    [
      'an empty folder of authorities',
      { client_auth: { mode: 'require', trust_store: { ca_dir: 'ca' } } },
      { 'ca/x.txt': '' },
      /ca_dir "ca" holds no file/,
    ],
    [
      'a revocation list that is none',
      { client_auth: { mode: 'require', trust_store: { ca_paths: ['ca.pem'], crls: ['ca.pem'] } } },
      {},
      /crls "ca.pem" holds no revocation list/,
    ],
    ['a key that is none', { key_file: 'ca.pem' }, {}, /key_file "ca.pem" holds no private key/],
    [
      'a key that is broken',
      { key_file: 'k' },
      { k: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' },
      /key_file "k" cannot be understood/,
    ],
    [
      'a certificate that is broken',
      { cert_file: 'c' },
      { c: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      /certificate 1 of cert_file "c" cannot be understood/,
    ],
    ['an OCSP response that is none', { ocsp_path: 'ca.pem' }, {}, /ocsp_path "ca.pem" holds no OCSP response/],
    [
      'an OCSP response without an answer',
      { ocsp_path: 'o' },
      { o: Buffer.from('30030a0103', 'hex') },
      /says that there is none/,
    ],
  ])('refuses %s', async (_what, keys, files, message) => {
    const rules = [{ tls: tls('a', keys), terminate: answer('') }]
    await expect(startRules(rules, { ...FILES, ...files })).rejects.toThrow(message)
  })

  test('warns of what is doubtful, and serves it', async () => {
    const old = issueCertificate({
      commonName: 'old.test',
      dnsNames: ['old.test'],
      issuer: CA,
      notAfter: new Date(Date.UTC(2020, 0)),
    })
    const files = { ...FILES, ...filesOf('old', old), 'chain.pem': A.cert + B.cert }
    const rules = [
      { tls: tls('old'), match: { 'http.host': { equals: 'x' } }, terminate: answer('') },
      { tls: tls('a', { sni: 'other.test' }), match: { 'http.host': { equals: 'y' } }, terminate: answer('') },
      {
        tls: { cert_file: 'chain.pem', key_file: 'a.key', sni: 'a.test' },
        match: { 'http.host': { equals: 'z' } },
        terminate: answer(''),
      },
    ]
    await using server = await startRules(rules, files)
    const linked = await server.engine.link(server.compile(rules))
    expect(linked.warnings).toEqual([
      expect.stringMatching(
        /^rule "r0" \(rules\/x.json:\d+:\d+\): tls: cert_file "old.pem" has expired, on 2020-01-01/,
      ),
      expect.stringMatching(
        /^rule "r2" .*: tls: cert_file "chain.pem": its second certificate has not signed the first/,
      ),
      expect.stringMatching(/^rule "r1" .*: tls: its certificate is not for "other.test", its "sni"$/),
    ])
    linked.dispose()
  })
})

describe('time', () => {
  test('a handshake that does not come, or does not go on, is cut', async () => {
    await using server = await startRules([{ tls: tls('a'), terminate: answer('') }], FILES, {
      limits: { headerTimeoutMs: 100 },
    })
    for (const beginning of ['', '\x16\x03\x01\x02', '\x16\x03\x01\x00\x05']) {
      using client = await connectRaw(server.port)
      client.send(beginning)
      expect(await client.closed()).toBe('')
    }
    // A whole ClientHello, and then nothing.
    const hello = await captureClientHello()
    using client = await connectRaw(server.port)
    client.send(hello.toString('latin1'))
    await client.closed()
    expect(server.engine.stats().limitHits).toEqual({ header_timeout: 4 })
  })

  test('draining closes what has not begun to speak', async () => {
    await using server = await startRules([{ tls: tls('a'), terminate: answer('') }], FILES)
    using idle = await connectRaw(server.port)
    using begun = await connectRaw(server.port)
    begun.send('\x16\x03')
    const { socket } = await shakeHands(server.port)
    await until('all three', () => server.engine.stats().connections.active === 3)
    expect(await server.engine.drain(5_000)).toEqual({ forcedConnections: 0 })
    await Promise.all([idle.closed(), begun.closed(), until('the end', () => socket.readableEnded || socket.closed)])
    socket.destroy()
  })
})

test('a client that has ended its side after its request gets the response, one that ends it before leaves at once', async () => {
  const waiting: ServerResponse[] = []
  await using upstream = await startUpstream((_request, response) => void waiting.push(response))
  const proxy = { type: 'http_proxy', upstream: `127.0.0.1:${upstream.port}` }
  await using server = await startRules([{ tls: tls('a'), terminate: proxy }], FILES)
  const { socket } = await shakeHands(server.port)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.end(get('a.test'))
  await until('the request', () => waiting[0])
  // The end of the client's side has come by then: a later connection has been served.
  using early = await connectRaw(server.port)
  early.socket.end((await captureClientHello()).subarray(0, -1))
  await early.closed()
  using within = await connectRaw(server.port)
  within.socket.end(await captureClientHello())
  await within.closed()
  waiting[0]!.end('late')
  await until('the response', () => text.endsWith('late'))
  socket.destroy()
})

test('bytes on the wire are counted', async () => {
  await using server = await startRules([{ tls: tls('a'), terminate: answer('x'.repeat(10_000)) }], FILES)
  const text = await ask(server.port, get('a.test'))
  const { bytes } = await until('the close', () => {
    const stats = server.engine.stats()
    return stats.connections.active === 0 && stats
  })
  expect(bytes.sent).toBeGreaterThan(text.length)
  expect(bytes.received).toBeGreaterThan(300)
})

function facts(issued: IssuedCertificate): { readonly fingerprint: string; readonly spki: string } {
  const x509 = new X509Certificate(issued.cert)
  const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
  return { fingerprint: hash(x509.raw), spki: hash(x509.publicKey.export({ type: 'spki', format: 'der' })) }
}

test('curl is content', async (context) => {
  const run = promisify(execFile)
  await run('curl', ['--version']).catch(() => context.skip('curl is not installed'))
  await using server = await startRules([{ tls: tls('a'), terminate: answer('hello curl') }], FILES)
  const { stdout } = await run('curl', [
    '-sS',
    '--cacert',
    `${server.dir}/ca.pem`,
    '--resolve',
    `a.test:${server.port}:127.0.0.1`,
    `https://a.test:${server.port}/`,
  ])
  expect(stdout).toBe('hello curl')
})

test('plugins are told what they declared to look at', async () => {
  const seen: L7RequestInput[] = []
  using wasm = createFakeWasm({
    l7Request: (input) => {
      seen.push(input)
      return { tag: 'continue' }
    },
  })
  const client = { mode: 'request', trust_store: { ca_paths: ['ca.pem'] } }
  const paths = CONTEXT_PATHS.map(({ path }) => path).filter((path) => path.includes('tls.') || path === 'conn.alpn')
  const withPlugin = (graph: SymbolicFlowGraph): SymbolicFlowGraph => ({
    ...graph,
    middlewares: graph.middlewares.map((middleware) => ({
      ...middleware,
      plugin: { path: wasm.path, export: 'look' },
      meta: { ...middleware.meta, inspects: paths },
    })),
  })
  const rules = [
    {
      middleware_chain: [{ use: 'forward_client_ip' }],
      tls: tls('a', { client_auth: client }),
      terminate: answer('in'),
    },
  ]
  await using server = await startRules(rules, FILES, { wasm: wasm.runtime })
  await server.engine.swap(await server.engine.link(withPlugin(server.compile(rules))))
  const options = { servername: 'a.test', ALPNProtocols: ['http/1.1'] }
  await ask(server.port, get('a.test'), { ...options, cert: CLIENT.cert, key: CLIENT.key })
  await ask(server.port, get('a.test'))
  const [known, unknown] = seen.map(({ context }) => new Map(context.map(({ path, value }) => [path, value.val])))
  const { fingerprint, spki } = facts(CLIENT)
  const shown = {
    present: true,
    subject_cn: 'client',
    issuer_cn: 'Test CA',
    serial: '0a1b',
    fingerprint_sha256: fingerprint,
    spki_sha256: spki,
    san_dns: ['c.test'],
  }
  const named = (prefix: string, facts: object): [string, unknown][] =>
    Object.entries(facts).map(([name, value]) => [`${prefix}${name}`, value])
  expect(known).toEqual(
    new Map<string, unknown>([
      ['conn.alpn', 'http/1.1'],
      ['conn.tls.version', '1.3'],
      ['conn.tls.sni', 'a.test'],
      ['conn.tls.peer_cert', CLIENT.der],
      ...named('conn.tls.peer_cert.', shown),
      ['tls.sni', 'a.test'],
      ['tls.alpn', Buffer.from('http/1.1')],
      ['tls.version', '1.3'],
      ...named('tls.peer_cert.', shown),
    ]),
  )
  expect(unknown).toEqual(
    new Map<string, unknown>([
      ['conn.alpn', ''],
      ['conn.tls.version', '1.3'],
      ['conn.tls.sni', ''],
      ['conn.tls.peer_cert', new Uint8Array()],
      ...named('conn.tls.peer_cert.', {
        present: false,
        subject_cn: '',
        issuer_cn: '',
        serial: '',
        fingerprint_sha256: '',
        spki_sha256: '',
        san_dns: [],
      }),
      ['tls.version', '1.3'],
      ['tls.peer_cert.present', false],
    ]),
  )
})
