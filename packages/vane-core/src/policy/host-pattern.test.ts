import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VaneError } from '../errors/vane-error.ts'
import { matchesHostPattern, parseHostPattern, type HostPattern } from './host-pattern.ts'

const matches = (pattern: string, url: string) => matchesHostPattern(parseHostPattern(pattern), new URL(url))

describe('parsing', () => {
  test.each<[string, HostPattern]>([
    ['*', { kind: 'any', port: undefined }],
    ['*:8443', { kind: 'any', port: 8443 }],
    ['example.com', { kind: 'name', host: 'example.com', port: undefined }],
    ['EXAMPLE.com.', { kind: 'name', host: 'example.com', port: undefined }],
    ['localhost', { kind: 'name', host: 'localhost', port: undefined }],
    ['_dmarc.example.com', { kind: 'name', host: '_dmarc.example.com', port: undefined }],
    ['api.internal:8443', { kind: 'name', host: 'api.internal', port: 8443 }],
    ['bücher.example', { kind: 'name', host: 'xn--bcher-kva.example', port: undefined }],
    ['BÜCHER.example', { kind: 'name', host: 'xn--bcher-kva.example', port: undefined }],
    ['xn--bcher-kva.example', { kind: 'name', host: 'xn--bcher-kva.example', port: undefined }],
    ['日本。example', { kind: 'name', host: 'xn--wgv71a.example', port: undefined }],
    ['*.example.com', { kind: 'below', suffix: '.example.com', port: undefined }],
    ['*.Bücher.example:80', { kind: 'below', suffix: '.xn--bcher-kva.example', port: 80 }],
    ['10.0.0.1', { kind: 'ip', host: '10.0.0.1', port: undefined }],
    ['10.0.0.1.', { kind: 'ip', host: '10.0.0.1', port: undefined }],
    ['10.0.0.1:65535', { kind: 'ip', host: '10.0.0.1', port: 65535 }],
    ['[::1]', { kind: 'ip', host: '[::1]', port: undefined }],
    ['[::1]:1', { kind: 'ip', host: '[::1]', port: 1 }],
    ['::1', { kind: 'ip', host: '[::1]', port: undefined }],
    ['2001:DB8:0:0::A', { kind: 'ip', host: '[2001:db8::a]', port: undefined }],
    ['[::ffff:10.0.0.1]', { kind: 'ip', host: '[::ffff:a00:1]', port: undefined }],
  ])('%s', (text, pattern) => {
    expect(parseHostPattern(text)).toEqual(pattern)
  })

  test.each([
    ['', /empty/],
    [' ', /no spaces/],
    ['exa mple.com', /no spaces/],
    ['example.com\n', /no spaces or control/],
    ['exam\0ple.com', /control/],
    ['https://example.com', /without a scheme such as/],
    ['//example.com', /without a path/],
    ['example.com/', /without a path/],
    ['example.com/v1', /without a path/],
    ['example.com?x', /without a path/],
    ['example.com#x', /without a path/],
    ['example.com\\x', /without a path/],
    ['user@example.com', /without user name/],
    ['ex%61mple.com', /no host name holds/],
    ['[fe80::1%25eth0]', /no host name holds/],
    ['*foo.com', /whole first label/],
    ['a.*.com', /whole first label/],
    ['foo*', /whole first label/],
    ['*.*.com', /whole first label/],
    ['**', /whole first label/],
    ['*.', /no empty labels/],
    ['.', /no empty labels/],
    ['.example.com', /no empty labels/],
    ['example.com..', /no empty labels/],
    ['a..b', /no empty labels/],
    ['*..example.com', /no empty labels/],
    ['example.com:', /1 to 65535/],
    ['example.com:0', /1 to 65535/],
    ['example.com:080', /1 to 65535/],
    ['example.com:65536', /1 to 65535/],
    ['example.com:99999', /1 to 65535/],
    ['example.com:http', /1 to 65535/],
    ['example.com:-1', /1 to 65535/],
    [':80', /no empty labels/],
    ['http:example.com', /1 to 65535/],
    ['a:b:c', /no IPv6 address/],
    ['[::1', /no IPv6 address/],
    ['[::1]x', /no IPv6 address/],
    ['[10.0.0.1]', /no IPv6 address/],
    ['[]', /no IPv6 address/],
    ['*.10.0.0.1', /no host name/],
    ['*.[::1]', /no host name/],
    ['1.2.3.4.5', /no host name/],
    ['1.2.3.256', /no host name/],
    ['010.0.0.1', /write `8\.0\.0\.1`/],
    ['0x7f.1', /write `127\.0\.0\.1`/],
    ['2130706433', /write `127\.0\.0\.1`/],
    ['１２７.0.0.1', /write `127\.0\.0\.1`/],
    [`${'a'.repeat(64)}.com`, /label longer than 63/],
    [`${'a.'.repeat(127)}com`, /longer than a host name/],
    ['a'.repeat(1_000_000), /longer than a host name/],
  ])('%j is refused', (text, reason) => {
    expect(() => parseHostPattern(text)).toThrow(reason)
    expect(() => parseHostPattern(text)).toThrow(expect.objectContaining({ kind: 'compile' }))
  })

  test('any text is a pattern or a VaneError', () => {
    const part = fc.constantFrom(
      '*',
      '.',
      ':',
      '[',
      ']',
      '::',
      '1',
      '255',
      '0x',
      'a',
      'example',
      'com',
      'ü',
      '%',
      '/',
      '@',
      ' ',
      '\ud800',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        try {
          // What was taken once is taken again in its own spelling, with the same meaning.
          const pattern = parseHostPattern(candidate)
          expect(parseHostPattern(spell(pattern))).toEqual(pattern)
        } catch (error) {
          if (!(error instanceof VaneError)) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

function spell(pattern: HostPattern): string {
  const host = pattern.kind === 'any' ? '*' : pattern.kind === 'below' ? `*${pattern.suffix}` : pattern.host
  return pattern.port === undefined ? host : `${host}:${pattern.port}`
}

describe('matching', () => {
  test.each([
    // Names: case, trailing dot, userinfo, ports.
    ['example.com', 'http://example.com/', true],
    ['example.com', 'https://EXAMPLE.COM/', true],
    ['Example.COM', 'https://example.com/', true],
    ['example.com', 'http://example.com./', true],
    ['example.com.', 'http://example.com/', true],
    ['example.com', 'http://example.com../', false],
    ['example.com', 'http://example.com:8080/x?y#z', true],
    ['example.com', 'http://user:pass@example.com/', true],
    ['example.com', 'http://example.com@evil.test/', false],
    ['example.com', 'http://example.com:80@evil.test/', false],
    ['example.com', 'http://evil.test/@example.com', false],
    ['example.com', 'http://evil.test\\@example.com/', false],
    ['example.com', 'http://evil.test/?h=example.com', false],
    ['example.com', 'http://evil.test#example.com', false],
    ['example.com', 'http://ex%61mple.com/', true],
    ['example.com', 'http://exam\tple.com/', true],
    ['example.com', 'http://ｅｘａｍｐｌｅ．ｃｏｍ/', true],
    ['example.com', 'http://example。com/', true],
    // Look-alikes.
    ['example.com', 'http://evilexample.com/', false],
    ['example.com', 'http://a.example.com/', false],
    ['example.com', 'http://example.com.evil.test/', false],
    ['example.com', 'http://example.co/', false],
    ['example.com', 'http://example-com/', false],
    ['example.com', 'http://examplexcom/', false],
    ['apple.com', 'http://аpple.com/', false],
    ['bücher.example', 'http://b\u00fccher.example/', true],
    ['bücher.example', 'http://bu\u0308cher.example/', true],
    ['bücher.example', 'http://XN--BCHER-KVA.example/', true],
    ['bücher.example', 'http://bucher.example/', false],
    ['xn--bcher-kva.example', 'http://bücher.example/', true],
    // Below a name, at every depth.
    ['*.example.com', 'http://a.example.com/', true],
    ['*.example.com', 'http://b.c.example.com/', true],
    ['*.example.com', 'http://a.b.c.d.e.f.example.com/', true],
    ['*.example.com', 'http://A.Example.COM./', true],
    ['*.example.com', 'http://example.com/', false],
    ['*.example.com', 'http://evilexample.com/', false],
    ['*.example.com', 'http://a.evilexample.com/', false],
    ['*.example.com', 'http://a.example.com.evil.test/', false],
    ['*.example.com', 'http://.example.com/', false],
    ['*.example.com', 'http://a..example.com/', false],
    ['*.example.com', 'http://a.example.com../', false],
    ['*.example.com', 'http://a.example.com@evil.test/', false],
    ['*.a.example.com', 'http://b.example.com/', false],
    ['*.bücher.example', 'http://a.xn--bcher-kva.example/', true],
    ['*.example.com', 'http://ü.example.com/', true],
    ['*.com', 'http://example.com/', true],
    ['*.com', 'http://com/', false],
    // Every host.
    ['*', 'http://anything.test/', true],
    ['*', 'https://127.0.0.1:1/', true],
    ['*', 'http://[::1]/', true],
    ['*', 'ftp://example.com/', false],
    ['*', 'file:///etc/passwd', false],
    ['*', 'ws://example.com/', false],
    ['*', 'data:text/plain,x', false],
    ['example.com', 'ftp://example.com/', false],
    // Ports.
    ['api.internal:8443', 'https://api.internal:8443/', true],
    ['api.internal:8443', 'https://API.internal.:8443/', true],
    ['api.internal:8443', 'https://api.internal/', false],
    ['api.internal:8443', 'https://api.internal:443/', false],
    ['api.internal:844', 'https://api.internal:8443/', false],
    ['api.internal:8443', 'https://x:8443@api.internal/', false],
    ['api.internal:443', 'https://api.internal/', true],
    ['api.internal:443', 'https://api.internal:443/', true],
    ['api.internal:443', 'http://api.internal/', false],
    ['api.internal:443', 'http://api.internal:443/', true],
    ['api.internal:80', 'http://api.internal/', true],
    ['api.internal:80', 'https://api.internal:80/', true],
    ['api.internal:80', 'http://api.internal:0/', false],
    ['*.example.com:8443', 'https://a.example.com:8443/', true],
    ['*.example.com:8443', 'https://a.example.com/', false],
    ['*:443', 'https://example.com/', true],
    ['*:443', 'http://example.com/', false],
    // IP literals, in every spelling a URL may use.
    ['127.0.0.1', 'http://127.0.0.1/', true],
    ['127.0.0.1', 'http://127.0.0.1./', true],
    ['127.0.0.1', 'http://127.1/', true],
    ['127.0.0.1', 'http://2130706433/', true],
    ['127.0.0.1', 'http://0x7f000001/', true],
    ['127.0.0.1', 'http://0x7F.0.0.0x1/', true],
    ['127.0.0.1', 'http://0177.0.0.01/', true],
    ['127.0.0.1', 'http://①②⑦.0.0.1/', true],
    ['127.0.0.1', 'http://127.0.0.2/', false],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/', false],
    ['127.0.0.1', 'http://[::1]/', false],
    ['127.0.0.1', 'http://localhost/', false],
    ['127.0.0.1', 'http://127.0.0.1.example.com/', false],
    ['127.0.0.1:80', 'http://127.0.0.1:8080/', false],
    ['[::1]', 'http://[::1]/', true],
    ['[::1]', 'http://[0:0:0:0:0:0:0:1]/', true],
    ['::1', 'http://[0000::0001]:9/', true],
    ['[::1]:80', 'http://[::1]/', true],
    ['[::1]:80', 'http://[::1]:81/', false],
    ['[::1]', 'http://[::2]/', false],
    ['[2001:db8::A]', 'http://[2001:DB8:0::a]/', true],
    ['[::ffff:10.0.0.1]', 'http://[::ffff:a00:1]/', true],
    ['[::ffff:10.0.0.1]', 'http://10.0.0.1/', false],
    ['*.0.0.example', 'http://10.0.0.1/', false],
  ])('%s against %j: %s', (pattern, url, expected) => {
    expect(matches(pattern, url)).toBe(expected)
  })
})

describe('invariants of matching', () => {
  const label = fc.string({ unit: fc.constantFrom(...'abcxyz019-é日'.split('')), minLength: 1, maxLength: 12 })
  const host = fc
    .array(label, { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join('.'))
    .filter((name) => URL.canParse(`http://${name}.example/`))
    .map((name) => new URL(`http://${name}.example/`).hostname)
  const port = fc.integer({ min: 1, max: 65_535 })
  const scheme = fc.constantFrom('http', 'https')

  test('a host matches itself in any case, with any port, path and userinfo, and with a trailing dot', () => {
    fc.assert(
      fc.property(host, scheme, port, fc.boolean(), (name, by, at, dot) => {
        const spelt = (dot ? `${name}.` : name).toUpperCase()
        expect(matches(name, `${by}://u:p@${spelt}:${at}/p?q#f`)).toBe(true)
        expect(matches(`${name}:${at}`, `${by}://${spelt}:${at}/`)).toBe(true)
        expect(matches(`${name}:${at}`, `${by}://${spelt}:${at === 1 ? 2 : at - 1}/`)).toBe(false)
      }),
    )
  })

  test('a host matches no other', () => {
    fc.assert(
      fc.property(host, host, (a, b) => {
        expect(matches(a, `http://${b}/`)).toBe(a === b)
      }),
    )
  })

  test('`*.` takes exactly what ends in a dot and the name', () => {
    fc.assert(
      fc.property(host, host, (parent, other) => {
        expect(matches(`*.${parent}`, `http://${parent}/`)).toBe(false)
        expect(matches(`*.${parent}`, `http://a.${parent}/`)).toBe(true)
        expect(matches(`*.${parent}`, `http://a${parent}/`)).toBe(false)
        expect(matches(`*.${parent}`, `http://${other}/`)).toBe(other.endsWith(`.${parent}`))
      }),
    )
  })
})
