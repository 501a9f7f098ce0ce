import { connect as connectHttp2, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConnectionFault } from '../connection-fault.ts'
import { HpackDecoder, TABLE_BYTES } from './hpack-decoder.ts'
import { HpackEncoder } from './hpack-encoder.ts'
import { huffmanDecode } from './huffman-decode.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const decodeAll = (blocks: readonly string[]): string[][] => {
  const decoder = new HpackDecoder(65_536)
  return blocks.map((block) => decoder.decode(hex(block)).pairs)
}

const REQUEST = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']

describe('examples of RFC 7541, Appendix C', () => {
  test('C.3 requests without Huffman code', () => {
    expect(
      decodeAll([
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ]),
    ).toEqual([
      REQUEST,
      [...REQUEST, 'cache-control', 'no-cache'],
      [
        ':method',
        'GET',
        ':scheme',
        'https',
        ':path',
        '/index.html',
        ':authority',
        'www.example.com',
        'custom-key',
        'custom-value',
      ],
    ])
  })

  test('C.4 requests with Huffman code', () => {
    expect(
      decodeAll([
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ]).map((pairs) => pairs.slice(-2)),
    ).toEqual([
      [':authority', 'www.example.com'],
      ['cache-control', 'no-cache'],
      ['custom-key', 'custom-value'],
    ])
  })

  test('C.2.2 and C.2.3 literals that are not kept', () => {
    const decoder = new HpackDecoder(65_536)
    expect(decoder.decode(hex('040c 2f73 616d 706c 652f 7061 7468')).pairs).toEqual([':path', '/sample/path'])
    expect(decoder.decode(hex('1008 7061 7373 776f 7264 0673 6563 7265 74')).pairs).toEqual(['password', 'secret'])
    expect(() => decoder.decode(hex('be'))).toThrow('index 62')
  })
})

test('fields that a peer resizes its table under arrive as they were', () => {
  const text = fc.string({
    unit: fc
      .integer({ min: 0x21, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    maxLength: 80,
  })
  const name = fc.constantFrom(
    ':status',
    'server',
    'vary',
    'via',
    'x-other',
    'cookie',
    'content-type',
    'user-agent',
    'accept',
  )
  const step = fc.record({
    size: fc.option(fc.constantFrom(0, 40, 100, 300, 4096, 65_536), { nil: undefined }),
    fields: fc.array(fc.tuple(name, fc.oneof(text, fc.constantFrom('200', 'nginx', 'a'))), { maxLength: 12 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const encoder = new HpackEncoder()
      const decoder = new HpackDecoder(1_048_576)
      for (const { size, fields } of steps) {
        if (size !== undefined) encoder.setPeerTableBytes(size)
        const pairs = fields.flat()
        const decoded = decoder.decode(Buffer.from(encoder.encode(pairs)))
        expect(decoded.pairs).toEqual(pairs)
        expect(decoded.fault).toBeUndefined()
      }
    }),
  )
})

test('any bytes are either fields or a fault of the connection', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (blocks) => {
      const decoder = new HpackDecoder(1_000)
      try {
        for (const block of blocks) {
          const { pairs, isTooLarge } = decoder.decode(Buffer.from(block))
          const bytes = pairs.reduce((sum, text) => sum + text.length, 0) + pairs.length * 16
          expect(bytes).toBeLessThanOrEqual(1_000)
          if (!isTooLarge) expect(pairs.length % 2).toBe(0)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ConnectionFault)
      }
    }),
    { numRuns: 500 },
  )
})

test('what is never to be indexed leaves no trace in the table', () => {
  const encoder = new HpackEncoder()
  const pairs = ['authorization', 'secret', 'cookie', 'a=b', 'x-key', 'secret', 'set-cookie', 'a=b']
  const first = Buffer.from(encoder.encode(pairs))
  expect(Buffer.from(encoder.encode(pairs))).toEqual(first)
  expect(first[0]! & 0xf0).toBe(0x10)
})

test('what repeats costs one byte the second time', () => {
  const encoder = new HpackEncoder()
  const pairs = [':status', '418', 'server', 'vane', 'content-type', 'text/html']
  expect(encoder.encode(pairs).length).toBeGreaterThan(20)
  expect(encoder.encode(pairs).length).toBe(3)
})

test('a table size beyond what was offered is a fault', () => {
  expect(() => new HpackDecoder(1_000).decode(Buffer.from([0x3f, 0xe2, 0x1f]))).toThrow(
    `where ${TABLE_BYTES} are allowed`,
  )
})

test('a text ends within its code, or in less than a byte of ones', () => {
  expect(huffmanDecode(hex('f1e3c2e5f23a6ba0ab90f4ff'))).toBe('www.example.com')
  expect(huffmanDecode(hex(''))).toBe('')
  for (const wrong of ['ff', 'ffff', 'f1e3c2e5f23a6ba0ab90f4ffff', 'f1e3c2e5f23a6ba0ab90f4', 'ffffffff']) {
    expect(() => huffmanDecode(hex(wrong))).toThrow(ConnectionFault)
  }
})

describe('against the implementation that Node has', () => {
  // What its client sends of each byte, at lengths that make it choose Huffman code, is what our decoder reads.
  test('fields that Node encodes', async () => {
    const values = Array.from({ length: 0xff - 0x20 }, (_, n) => String.fromCharCode(0x21 + n))
      .filter((char) => char !== '\x7f' && !/\s/.test(char))
      .map((char) => `e${char}e${char}eeeeeeeeeeeeeeeeeeeeeeeeeee`)
    const blocks: Buffer[] = []
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      let bytes = Buffer.alloc(0)
      let skip = 24
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        if (bytes.length < skip) return
        bytes = bytes.subarray(skip)
        skip = 0
        while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
          const end = 9 + bytes.readUIntBE(0, 3)
          if (bytes[3] === 1) blocks.push(Buffer.from(bytes.subarray(9, end)))
          bytes = bytes.subarray(end)
        }
      })
      socket.write(Buffer.from('000000040000000000', 'hex'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    session.on('error', () => {})
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < values.length; at += 40) {
        const fields = Object.fromEntries(values.slice(at, at + 40).map((value, n) => [`x-${at + n}`, value]))
        session.request({ ':path': `/${round}`, ...fields }).on('error', () => {})
      }
    }
    const count = 2 * Math.ceil(values.length / 40)
    await expect.poll(() => blocks.length, { timeout: 5_000 }).toBe(count)
    const decoder = new HpackDecoder(1_048_576)
    const seen = blocks.flatMap((block) =>
      decoder.decode(block).pairs.filter((text) => text.endsWith('eeeeeeeeeeeeeee')),
    )
    expect(seen).toEqual([...values, ...values])
    session.destroy()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  test('fields that Node decodes', async () => {
    const seen: string[][] = []
    const server = createHttp2Server()
    server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw) => {
      seen.push([...raw])
      stream.respond({ ':status': 204 }, { endStream: true })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(Buffer.from('000000040000000000', 'hex'))
    const encoder = new HpackEncoder()
    const sent = Array.from({ length: 60 }, (_, n) =>
      [':method', 'GET', ':scheme', 'http', ':authority', `a${n % 7}.test`, ':path', `/${n}`].concat([
        'user-agent',
        `agent-${'x'.repeat((n % 9) * 60)}`,
        'accept',
        `text/${n % 3}`,
        'x-long',
        'y'.repeat(n * 20),
      ]),
    )
    sent.forEach((pairs, n) => {
      const block = Buffer.from(encoder.encode(pairs))
      const head = Buffer.alloc(9)
      head.writeUIntBE(block.length, 0, 3)
      head[3] = 1
      head[4] = 5
      head.writeUInt32BE(2 * n + 1, 5)
      socket.write(Buffer.concat([head, block]))
    })
    await expect.poll(() => seen.length, { timeout: 5_000 }).toBe(sent.length)
    expect(seen).toEqual(sent)
    socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
})
