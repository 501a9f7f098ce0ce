import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CONTEXT_PATHS, findContextPath } from './context-paths.ts'
import { PLUGIN_KINDS } from './metadata.ts'

const CONN: Readonly<Record<string, string>> = {
  'conn.peer_ip': 'text',
  'conn.peer_port': 'uint64',
  'conn.local_ip': 'text',
  'conn.local_port': 'uint64',
  'conn.transport': 'text',
  'conn.alpn': 'text',
  'conn.id': 'text',
  'conn.accept_unix_ms': 'uint64',
  'conn.tls.version': 'text',
  'conn.tls.sni': 'text',
  'conn.tls.peer_cert': 'bytes',
  'conn.tls.peer_cert.present': 'boolean',
  'conn.tls.peer_cert.subject_cn': 'text',
  'conn.tls.peer_cert.san_dns': 'list-text',
  'conn.tls.peer_cert.fingerprint_sha256': 'text',
  'conn.tls.peer_cert.spki_sha256': 'text',
  'conn.tls.peer_cert.issuer_cn': 'text',
  'conn.tls.peer_cert.serial': 'text',
}

const FIELDS: Readonly<Record<string, string>> = {
  transport: 'text',
  'remote.ip': 'text',
  'local.ip': 'text',
  'remote.port': 'uint64',
  'local.port': 'uint64',
  peek: 'bytes',
  'tls.sni': 'text',
  'tls.alpn': 'bytes',
  'tls.version': 'text',
  'tls.peer_cert.present': 'boolean',
  'tls.peer_cert.subject_cn': 'text',
  'tls.peer_cert.issuer_cn': 'text',
  'tls.peer_cert.serial': 'text',
  'tls.peer_cert.fingerprint_sha256': 'text',
  'tls.peer_cert.spki_sha256': 'text',
  'tls.peer_cert.san_dns': 'list-text',
  'http.method': 'text',
  'http.version': 'text',
  'http.host': 'text',
  'http.uri.path': 'text',
  'http.uri.query': 'text',
  'http.header.<name>': 'text',
  'http.query.<name>': 'text',
  'http.cookie.<name>': 'text',
  'http.body': 'bytes',
}

describe('the table', () => {
  test('has every conn path with its type, for every kind, never absent', () => {
    const conn = CONTEXT_PATHS.filter(({ path }) => path.startsWith('conn.'))
    expect(Object.fromEntries(conn.map(({ path, type }) => [path, type]))).toEqual(CONN)
    for (const entry of conn) expect(entry).toMatchObject({ kinds: PLUGIN_KINDS, whenAbsent: 'empty' })
  })

  test('has every predicate field with its type', () => {
    const fields = CONTEXT_PATHS.filter(({ path }) => !path.startsWith('conn.'))
    expect(Object.fromEntries(fields.map(({ path, type }) => [path, type]))).toEqual(FIELDS)
    for (const entry of fields) expect(entry.whenAbsent).toBe('omitted')
  })

  test('names each path once and no kind twice', () => {
    expect(new Set(CONTEXT_PATHS.map(({ path }) => path)).size).toBe(CONTEXT_PATHS.length)
    for (const { kinds } of CONTEXT_PATHS) expect(new Set(kinds).size).toBe(kinds.length)
  })

  test('every path is found in exactly its kinds', () => {
    for (const entry of CONTEXT_PATHS) {
      for (const kind of PLUGIN_KINDS) {
        const { found } = findContextPath(entry.path.replace('<name>', 'x-name'), kind)
        expect(found, `${entry.path} for ${kind}`).toBe(entry.kinds.includes(kind) ? entry : undefined)
      }
    }
  })
})

describe('predicate fields', () => {
  test.each([
    ['remote.ip', ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']],
    ['peek', ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']],
    ['tls.sni', ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']],
    ['tls.version', ['l7-request', 'l7-response']],
    ['tls.peer_cert.san_dns', ['l7-request', 'l7-response']],
    ['http.uri.path', ['l7-request', 'l7-response']],
    ['http.header.x-token', ['l7-request', 'l7-response']],
    ['http.body', ['l7-request']],
  ] as const)('%s exists for %j', (path, kinds) => {
    expect(PLUGIN_KINDS.filter((kind) => findContextPath(path, kind).found !== undefined)).toEqual(kinds)
  })

  test.each([
    ['http.header.x-token', 'x-token'],
    ['http.header.x.y', 'x.y'],
    ['http.query.userId', 'userId'],
    ['http.query.a b=ü', 'a b=ü'],
    ['http.cookie.SID', 'SID'],
  ])('%s names %s', (path, name) => {
    expect(findContextPath(path, 'l7-request')).toMatchObject({ name, found: { type: 'text', whenAbsent: 'omitted' } })
  })
})

describe('refusals', () => {
  test('a path of another kind says where it exists', () => {
    expect(findContextPath('http.host', 'l4-peek')).toEqual({
      found: undefined,
      reason: 'context path "http.host" does not exist for kind l4-peek, only for l7-request and l7-response',
    })
  })

  test.each([
    ['conn.peer_ipp', 'conn.peer_ip'],
    ['conn.tls.peer_cert.fingerprint', 'conn.tls.peer_cert.fingerprint_sha256'],
    ['Conn.Peer_IP', 'conn.peer_ip'],
    ['http.heder.accept', 'http.header.accept'],
    ['http.headers.accept', 'http.header.accept'],
    ['http.uri_path', 'http.uri.path'],
    ['nonsense', undefined],
    ['', undefined],
  ])('%j is unknown; suggested: %s', (path, suggestion) => {
    const answer = findContextPath(path, 'l7-request')
    expect(answer).toMatchObject({ found: undefined, reason: `unknown context path ${JSON.stringify(path)}` })
    expect('suggestion' in answer ? answer.suggestion : undefined).toBe(suggestion)
  })

  test.each([
    ['http.header.Accept', 'http.header.accept'],
    ['http.header.', undefined],
    ['http.header.<name>', undefined],
    ['http.header.a b', undefined],
    ['http.header.a\r\nb', undefined],
    ['http.cookie.a=b', undefined],
    ['http.query.', undefined],
    [`http.query.${'x'.repeat(257)}`, undefined],
  ])('%j has no valid name; suggested: %s', (path, suggestion) => {
    const answer = findContextPath(path, 'l7-request')
    expect(answer).toMatchObject({ found: undefined, reason: expect.stringMatching(/holds no valid name for http\./) })
    expect('suggestion' in answer ? answer.suggestion : undefined).toBe(suggestion)
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is unknown like any other word', (path) => {
    expect(findContextPath(path, 'l7-request').found).toBeUndefined()
  })

  test('any text gets an answer that is short and on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom(...PLUGIN_KINDS), (path, kind) => {
        const answer = findContextPath(path, kind)
        if (answer.found !== undefined) return
        expect(answer.reason.length).toBeLessThan(700)
        expect(answer.reason).not.toMatch(/[\r\n\0]/)
      }),
    )
  })
})
