import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeadAssembler } from './head-assembler.ts'
import { HeadFault } from './head-fault.ts'
import { type DecodedResponse, ResponseDecoder } from './response-decoder.ts'

function decode(text: string): DecodedResponse | undefined {
  return new ResponseDecoder(1_000).decode(Buffer.from(text, 'latin1'), 0)
}

test.each([
  'HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\n\r\n',
  'HTTP/1.1 599 \r\n\r\n',
  'HTTP/1.1 200\r\n\r\n',
])('reads %j', (text) => {
  expect(decode(text)?.status).toBe(Number(text.slice(9, 12)))
})

test.each([
  'HTTP/2.0 200 OK\r\n\r\n',
  'HTTP/1.2 200 OK\r\n\r\n',
  'http/1.1 200 OK\r\n\r\n',
  'HTTP/1.1  200 OK\r\n\r\n',
  'HTTP/1.1 2000 OK\r\n\r\n',
  'HTTP/1.1 20 OK\r\n\r\n',
  'HTTP/1.1 099 x\r\n\r\n',
  'HTTP/1.1 600 x\r\n\r\n',
  'HTTP/1.1 200 OK\n\r\n',
  'HTTP/1.1 200 O\0K\r\n\r\n',
  'HTTP/1.1 200 OK\r\nx : 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
  'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
  `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000)}\r\n\r\n`,
  '\r\nHTTP/1.1 200 OK\r\n\r\n',
])('refuses %j', (text) => {
  expect(() => decode(text)).toThrow(HeadFault)
})

test('takes out what belongs to the connection', () => {
  const text =
    'HTTP/1.1 200 OK\r\nDate: x\r\nconnection: x-secret, keep-alive\r\nx-secret: 1\r\nKeep-Alive: 5\r\ncontent-length: 3\r\nx: 1\r\n\r\n'
  const { headers, length, persists } = decode(text)!
  expect([headers.rawPairs(), length, persists]).toEqual([['Date', 'x', 'x', '1'], 3, true])
})

test('a head is the same head however it is cut', () => {
  const text = 'HTTP/1.1 200 Fine by me\r\nA: 1\r\nb:\t2 \r\nContent-Length: 12\r\nconnection: close\r\n\r\n'
  const facts = ({ headers, ...rest }: DecodedResponse): unknown => ({ ...rest, headers: headers.rawPairs() })
  const whole = facts(decode(text)!)
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), (cuts) => {
      const decoder = new ResponseDecoder(1_000)
      const heads = new HeadAssembler((bytes, from) => decoder.decode(bytes, from), 1_000)
      let start = 0
      let found: DecodedResponse | undefined
      for (const end of [...new Set(cuts), text.length].toSorted((a, b) => a - b)) {
        expect(found).toBeUndefined()
        found = heads.take(Buffer.from(text.slice(start, end), 'latin1'), 0)
        start = end
        if (found !== undefined) break
      }
      expect(facts({ ...found!, end: text.length })).toEqual(whole)
    }),
  )
})
