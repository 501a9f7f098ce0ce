import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { helloMessage, inRecords } from '../../test/support/client-hello-bytes.ts'
import { detectProtocol } from './detect-protocol.ts'

const detect = (text: string, isAll = false): string | number => {
  const found = detectProtocol(Buffer.from(text, 'latin1'), { wantsHello: true, isAll })
  return typeof found === 'number' ? found : found.protocol
}

test.each<[string, string]>([
  ['GET / HTTP/1.1\r\n', 'http1'],
  ['GET / HTTP/2.0\r\n', 'http1'],
  ['\r\nGET / HTTP/1.0', 'http1'],
  ['OPTIONS * HTTP/1.1\r\n', 'http1'],
  ['POST http://a.test/ HTTP/1.1\r\n', 'http1'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2'],
  ['SSH-2.0-OpenSSH_9.2 x\r\n', 'unknown'],
  ['EHLO mail.test\r\n', 'unknown'],
  ['GET /\r\n', 'unknown'],
  ['GET / \u00e9', 'unknown'],
  ['GET  / HTTP/1.1', 'unknown'],
  ['\x05\x01\x00', 'unknown'],
  ['\r\n\r\n\r\n', 'unknown'],
  ['\x16\x02', 'unknown'],
  [`${'A'.repeat(33)} / HTTP/1.1`, 'unknown'],
])('%j is %s', (text, protocol) => {
  expect(detect(text)).toBe(protocol)
})

test('nothing is decided early, and nothing late: each part of a beginning waits for one byte more', () => {
  for (const text of ['GET /a HTTP/1', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\r\nGET / HTTP/1']) {
    for (let length = 0; length < text.length; length++) {
      expect([text.slice(0, length), detect(text.slice(0, length))]).toEqual([text.slice(0, length), length + 1])
    }
    expect(detect(text)).toMatch(/^http/)
  }
})

test('where no more comes, a part is decided by itself', () => {
  expect(detect('', true)).toBe('unknown')
  expect(detect('GET', true)).toBe('unknown')
  expect(detect('PRI * HTTP', true)).toBe('unknown')
  expect(detect(`GET /${'a'.repeat(9_000)}`, true)).toBe('http1')
  expect(detect(`abc ${'a'.repeat(9_000)}`, true)).toBe('unknown')
})

describe('TLS', () => {
  const hello = inRecords(helloMessage({ sni: 'a.test' }))

  test('is seen by its first bytes where nobody wants the hello', () => {
    expect(detectProtocol(hello.subarray(0, 2), { wantsHello: false, isAll: false })).toEqual({
      protocol: 'tls',
      hello: undefined,
      fault: undefined,
    })
  })

  test('is read to the end of the hello where somebody does', () => {
    expect(detectProtocol(hello.subarray(0, 20), { wantsHello: true, isAll: false })).toBe(hello.length)
    expect(detectProtocol(hello, { wantsHello: true, isAll: false })).toMatchObject({ hello: { sni: 'a.test' } })
  })

  test('is at fault where the hello is malformed, or does not end', () => {
    const cases: [Uint8Array, boolean, RegExp][] = [
      [Buffer.from([22, 3, 1, 0, 0]), false, /record of 0 bytes/],
      [hello.subarray(0, 20), true, /does not end within 20 bytes/],
    ]
    for (const [bytes, isAll, fault] of cases) {
      expect(detectProtocol(bytes, { wantsHello: true, isAll })).toEqual({
        protocol: 'tls',
        hello: undefined,
        fault: expect.stringMatching(fault) as string,
      })
    }
  })
})

test('any bytes are told apart, and asking again is only worth it with more', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, isAll) => {
      const found = detectProtocol(bytes, { wantsHello: true, isAll })
      if (typeof found !== 'number') return
      expect(isAll).toBe(false)
      expect(found).toBeGreaterThan(bytes.length)
    }),
    { numRuns: 1_000 },
  )
})
