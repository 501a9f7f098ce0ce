import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { connect } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { helloMessage, inRecords } from '../../test/support/client-hello-bytes.ts'
import { looksLikeTls, parseClientHello } from './client-hello.ts'

const PARTS = { sni: 'Shop.Example.', alpn: ['h2', 'http/1.1'], versions: [0x0304, 0x0303] }
const HELLO = { sni: 'shop.example', alpn: ['h2', 'http/1.1'], versions: [0x0304, 0x0303] }

test('reads name, protocols and versions', () => {
  expect(parseClientHello(inRecords(helloMessage(PARTS)))).toEqual({ status: 'complete', hello: HELLO })
})

test('what a client leaves out is absent', () => {
  expect(parseClientHello(inRecords(helloMessage({})))).toEqual({
    status: 'complete',
    hello: { sni: undefined, alpn: [], versions: [0x0303] },
  })
})

test('TLS 1.2 may do without extensions', () => {
  const whole = helloMessage({})
  const message = Buffer.from(whole.subarray(0, whole.length - 2))
  message.writeUIntBE(message.length - 4, 1, 3)
  expect(parseClientHello(inRecords(message))).toMatchObject({ status: 'complete' })
})

test('reads what a real client sends', async () => {
  await using server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: 'real.test',
    ALPNProtocols: ['http/1.1'],
  })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    if (parseClientHello(bytes).status !== 'incomplete') break
  }
  client.destroy()
  expect(parseClientHello(bytes)).toMatchObject({
    status: 'complete',
    hello: { sni: 'real.test', alpn: ['http/1.1'], versions: expect.arrayContaining([0x0304]) as number[] },
  })
})

describe('however it is cut', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })

  test('records of any length make no difference', () => {
    fc.assert(
      fc.property(lengths, (cuts) => {
        expect(parseClientHello(inRecords(helloMessage(PARTS), cuts))).toEqual({ status: 'complete', hello: HELLO })
      }),
    )
  })

  test('a part is incomplete, and asks for no more than there will be', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), (cuts, at) => {
        const whole = inRecords(helloMessage(PARTS), cuts)
        const length = at % whole.length
        const parsed = parseClientHello(whole.subarray(0, length))
        expect(parsed.status).toBe('incomplete')
        if (parsed.status !== 'incomplete') return
        expect(parsed.neededBytes).toBeGreaterThan(length)
        expect(parsed.neededBytes).toBeLessThanOrEqual(whole.length)
      }),
    )
  })

  test('what follows it is not looked at', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (rest) => {
        const bytes = Buffer.concat([inRecords(helloMessage(PARTS)), rest])
        expect(parseClientHello(bytes)).toEqual({ status: 'complete', hello: HELLO })
      }),
    )
  })
})

describe('hostile bytes', () => {
  test('any bytes get an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['complete', 'incomplete', 'malformed']).toContain(parseClientHello(bytes).status)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a changed byte never makes a name that no host has, or more than one reading', () => {
    const whole = inRecords(helloMessage(PARTS))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(whole)
        bytes[at]! ^= flip
        const parsed = parseClientHello(bytes)
        if (parsed.status !== 'complete') return
        expect(parsed.hello.sni ?? 'x').toMatch(/^[\x21-\x7e]+$/)
        expect(parsed.hello.sni?.toLowerCase()).toBe(parsed.hello.sni)
      }),
      { numRuns: 2_000 },
    )
  })

  const sni = (...bytes: number[]): Buffer => inRecords(helloMessage({ extensions: [[0, Buffer.from(bytes)]] }))
  const name = [...Buffer.from('a.test')]
  const valid = inRecords(helloMessage(PARTS))
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(valid)
    bytes[at] = value
    return bytes
  }

  test.each<[string, Buffer, RegExp]>([
    ['an empty record', Buffer.from([22, 3, 1, 0, 0]), /record of 0 bytes/],
    ['a record over the limit', Buffer.from([22, 3, 1, 0x40, 1]), /record of 16385 bytes/],
    ['an alert', Buffer.from([21, 3, 1, 0, 2, 2, 40]), /no handshake/],
    [
      'an alert between its records',
      Buffer.concat([inRecords(helloMessage(PARTS).subarray(0, 9)), Buffer.from([21, 3, 3, 0, 2])]),
      /no handshake/,
    ],
    ['another protocol', Buffer.from([22, 2, 0, 0, 4, 1]), /no version of TLS/],
    ['another message', changed(5, 2), /no ClientHello/],
    ['another version', changed(9, 2), /no version of TLS/],
    ['a session id that exceeds the message', changed(43, 255), /exceeds/],
    ['an empty list of names', sni(0, 0), /exceeds/],
    ['a name of another kind', sni(0, 9, 1, 0, 6, ...name), /no host name/],
    ['two names', sni(0, 18, 0, 0, 6, ...name, 0, 0, 6, ...name), /behind the end/],
    ['bytes behind the list', sni(0, 9, 0, 0, 6, ...name, 0), /behind the end/],
    ['a list that is shorter than its name', sni(0, 8, 0, 0, 6, ...name), /exceeds|behind the end/],
    ['an empty name', sni(0, 3, 0, 0, 0), /no host has/],
    ['a name with a NUL', inRecords(helloMessage({ sni: 'a.test\0.b.test' })), /no host has/],
    ['a name with a space', inRecords(helloMessage({ sni: 'a test' })), /no host has/],
    ['a dot for a name', inRecords(helloMessage({ sni: '.' })), /no host has/],
    ['a name over the limit', inRecords(helloMessage({ sni: 'a'.repeat(256) })), /no host has/],
    [
      'an extension twice',
      inRecords(helloMessage({ sni: 'a.test', extensions: [[0, Buffer.from([0, 9, 0, 0, 6, ...name])]] })),
      /extension 0 twice/,
    ],
    ['an empty protocol', inRecords(helloMessage({ alpn: [''] })), /empty protocol/],
    ['no protocol', inRecords(helloMessage({ alpn: [] })), /exceeds/],
    ['no version', inRecords(helloMessage({ versions: [] })), /exceeds/],
  ])('%s is malformed', (_what, bytes, reason) => {
    expect(parseClientHello(bytes)).toEqual({ status: 'malformed', reason: expect.stringMatching(reason) as string })
  })
})

test.each([
  [[], undefined],
  [[22], undefined],
  [[22, 3], true],
  [[22, 2], false],
  [[71, 69], false],
])('of %j it is known whether it is TLS: %s', (bytes, expected) => {
  expect(looksLikeTls(Uint8Array.from(bytes))).toBe(expected)
})
