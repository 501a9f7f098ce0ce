import { describe, expect, test } from 'vitest'
import { connectFrames, F, frame, hpack, hpackInteger, hpackText, requestFields, T } from './support/frame-client.ts'
import { startCodec, textResponse } from './support/start-codec.ts'

type Changes = Readonly<Record<string, string | undefined>>

/** Malformed requests: RFC 9113 §8.2 and §8.3, and what HTTP/1.1 refuses as well. */
const REFUSED: readonly (readonly [what: string, changes: Changes, status?: string])[] = [
  ['connection', { connection: 'close' }],
  ['keep-alive', { 'keep-alive': '1' }],
  ['proxy-connection', { 'proxy-connection': 'close' }],
  ['transfer-encoding', { 'transfer-encoding': 'chunked' }],
  ['upgrade', { upgrade: 'h2c' }],
  ['a lookalike of content-length', { content_length: '1' }],
  ['a lookalike of transfer-encoding', { transfer_encoding: 'chunked' }],
  ['te other than trailers', { te: 'trailers, deflate' }],
  ['a capital in a name', { 'X-Test': 'ok' }],
  ['a space in a name', { 'x test': 'ok' }],
  ['a colon in a name', { 'x:test': 'ok' }],
  ['an empty name', { '': 'ok' }],
  ['NUL in a value', { 'x-test': 'a\0b' }],
  ['CR in a value', { 'x-test': 'a\rb' }],
  ['LF in a value', { 'x-test': 'a\nb' }],
  ['DEL in a value', { 'x-test': 'a\x7fb' }],
  ['a space around a value', { 'x-test': ' a' }],
  ['a tab around a value', { 'x-test': 'a\t' }],
  ['no method', { ':method': undefined }],
  ['an empty method', { ':method': '' }],
  ['a method that is no token', { ':method': 'GET /' }],
  ['no scheme', { ':scheme': undefined }],
  ['another scheme', { ':scheme': 'ftp' }],
  ['no path', { ':path': undefined }],
  ['an empty path', { ':path': '' }],
  ['a path that does not begin with a slash', { ':path': 'x' }],
  ['an absolute path', { ':path': 'http://a.test/' }],
  ['* without OPTIONS', { ':path': '*' }],
  ['# in the path', { ':path': '/a#b' }],
  ['a space in the path', { ':path': '/a b' }],
  ['a byte beyond ASCII in the path', { ':path': '/\xe4' }],
  ['a response pseudo-header field', { ':status': '200' }],
  ['an unknown pseudo-header field', { ':test': 'x' }],
  ['extended CONNECT', { ':method': 'CONNECT', ':protocol': 'websocket' }],
  ['no authority and no host', { ':authority': undefined }],
  ['an empty authority', { ':authority': '' }],
  ['userinfo', { ':authority': 'user@a.test' }],
  ['a comma in the authority', { ':authority': 'a.test,b.test' }],
  ['an authority without a host', { ':authority': ':80' }],
  ['host against :authority', { host: 'b.test' }],
  ['content-length that is no number', { 'content-length': '+1' }],
  ['content-length without content', { 'content-length': '1' }],
  ['an unknown expectation', { expect: 'magic' }, '417'],
  ['TRACE', { ':method': 'TRACE' }, '405'],
  ['CONNECT', { ':method': 'CONNECT' }, '405'],
]

describe('refused', () => {
  test.each(REFUSED.map(([what, changes, status = '400']) => ({ what, changes, status })))(
    '$what',
    async ({ changes, status }) => {
      await using served = await startCodec()
      using client = await connectFrames(served.port)
      client.request(1, changes)
      expect((await client.received(T.headers, 1)).fields[':status']).toBe(status)
      if (status === '400') expect(await client.reset(1)).toBe(1)
      client.request(3)
      expect(await client.body(3)).toBe('hello')
      expect(served.refusals.map(({ status: refused }) => String(refused))).toEqual([status])
      expect(served.exchanges).toHaveLength(1)
    },
  )

  const LISTS: readonly (readonly [what: string, fields: [string, string][]])[] = [
    ['a pseudo-header field behind a field', [...requestFields({ ':path': undefined }), ['x', 'y'], [':path', '/']]],
    ['two methods', [...requestFields(), [':method', 'GET']]],
    ['two schemes', [...requestFields(), [':scheme', 'http']]],
    ['two paths', [...requestFields(), [':path', '/']]],
    ['two authorities', [...requestFields(), [':authority', 'a.test']]],
    ['two hosts', [...requestFields(), ['host', 'a.test'], ['host', 'a.test']]],
    ['two content-lengths', [...requestFields(), ['content-length', '0'], ['content-length', '0']]],
  ]
  test.each(LISTS)('%s', async (_what, fields) => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, 5, 1, hpack(fields)))
    expect((await client.received(T.headers, 1)).fields[':status']).toBe('400')
    expect(await client.reset(1)).toBe(1)
    expect(served.exchanges).toHaveLength(0)
  })

  test('a bad character that comes from the table a second time', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    const kept = Buffer.concat([hpackInteger(0x40, 6, 0), hpackText('x-bad'), hpackText('a\nb')])
    client.send(frame(T.headers, 5, 1, Buffer.concat([hpack(requestFields()), kept])))
    client.send(frame(T.headers, 5, 3, Buffer.concat([hpack(requestFields()), hpackInteger(0x80, 7, 62)])))
    expect(await client.reset(3)).toBe(1)
    expect(served.exchanges).toHaveLength(0)
    expect(served.refusals.map(({ reason }) => reason)).toEqual(
      Array(2).fill('a character that no field value may have'),
    )
  })

  test('more fields than allowed', async () => {
    await using served = await startCodec(undefined, { maxHeadersCount: 20 })
    using client = await connectFrames(served.port)
    const many = Array.from({ length: 20 }, (_, n): [string, string] => [`x-${n}`, 'y'])
    client.send(frame(T.headers, 5, 1, hpack([...requestFields(), ...many])))
    client.send(frame(T.headers, 5, 3, hpack([...requestFields(), ...many.slice(1)])))
    expect((await client.received(T.headers, 1)).fields[':status']).toBe('431')
    expect(await client.body(3)).toBe('hello')
    expect(served.refusals.map(({ status }) => status)).toEqual([431])
  })

  test('fields of 80 KB where 64 KB are allowed', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    const block = hpack([
      ...requestFields(),
      ...Array.from({ length: 5 }, (_, n): [string, string] => [`x-${n}`, 'y'.repeat(16_000)]),
    ])
    const parts = Array.from({ length: Math.ceil(block.length / 16_384) }, (_, n) =>
      block.subarray(n * 16_384, (n + 1) * 16_384),
    )
    parts.forEach((part, n) =>
      client.send(
        frame(n === 0 ? T.headers : T.continuation, (n === 0 ? F.end : 0) | (n === parts.length - 1 ? 4 : 0), 1, part),
      ),
    )
    expect((await client.received(T.headers, 1)).fields[':status']).toBe('431')
    client.request(3)
    expect(await client.body(3)).toBe('hello')
    expect(served.refusals.map(({ status }) => status)).toEqual([431])
  })

  test('a bomb: a large field of the table, referred to ten thousand times', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    const kept = Buffer.concat([hpackInteger(0x40, 6, 0), hpackText('x-big'), hpackText('y'.repeat(4_000))])
    client.send(frame(T.headers, 5, 1, Buffer.concat([hpack(requestFields()), kept, Buffer.alloc(10_000, 0x80 | 62)])))
    expect((await client.received(T.headers, 1)).fields[':status']).toBe('431')
    client.request(3)
    expect(await client.body(3)).toBe('hello')
  })
})

describe('taken', () => {
  test('a request becomes one of the message model', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.send(
      frame(
        T.headers,
        5,
        1,
        hpack([
          ...requestFields({ ':path': '/a/b?c=d', ':authority': 'A.test.:8080', host: 'a.TEST.:8080' }),
          ['cookie', 'a=b'],
          ['x-twice', '1'],
          ['cookie', 'c=d'],
          ['x-twice', '2'],
          ['te', 'trailers'],
        ]),
      ),
    )
    await client.body(1)
    const { request } = served.exchanges[0]!
    expect(request).toMatchObject({
      method: 'GET',
      scheme: 'http',
      authority: 'A.test.:8080',
      host: 'a.test',
      target: '/a/b?c=d',
      path: '/a/b',
      query: 'c=d',
      version: '2',
      body: { kind: 'empty' },
    })
    expect(request.headers.rawPairs()).toEqual([
      'host',
      'A.test.:8080',
      'x-twice',
      '1',
      'x-twice',
      '2',
      'te',
      'trailers',
      'cookie',
      'a=b; c=d',
    ])
  })

  test('cookies in crumbs count once', async () => {
    await using served = await startCodec(undefined, { maxHeadersCount: 20 })
    using client = await connectFrames(served.port)
    const crumbs = Array.from({ length: 50 }, (_, n): [string, string] => ['cookie', `c${n}=1`])
    client.send(frame(T.headers, 5, 1, hpack([...requestFields(), ...crumbs])))
    expect(await client.body(1)).toBe('hello')
  })

  const FINE: readonly (readonly [what: string, changes: Changes])[] = [
    ['host without :authority', { ':authority': undefined, host: 'a.test' }],
    ['OPTIONS *', { ':method': 'OPTIONS', ':path': '*' }],
    ['https as the scheme', { ':scheme': 'https' }],
    ['an IPv6 address', { ':authority': '[::1]:80' }],
    ['an empty value', { 'x-test': '' }],
    ['bytes beyond ASCII', { 'x-test': '\xe4\xff' }],
    ['content-length of 0', { 'content-length': '0' }],
    ['a method of somebody', { ':method': 'PROPFIND' }],
  ]
  test.each(FINE)('%s', async (_what, changes) => {
    await using served = await startCodec((exchange) => exchange.respond(textResponse('fine'), false))
    using client = await connectFrames(served.port)
    client.request(1, changes)
    expect(await client.body(1)).toBe('fine')
    expect(served.refusals).toEqual([])
  })
})
