import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatRequest, parseRequest } from './request.ts'

describe('parseRequest', () => {
  it('reads what formatRequest wrote', () => {
    const requestId = fc.oneof(fc.string({ maxLength: 128 }), fc.integer(), fc.constant(null))
    const args = fc.dictionary(
      fc.string(),
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    )
    fc.assert(
      fc.property(fc.string(), args, requestId, (verb, given, id) => {
        const request = { verb, args: JSON.parse(JSON.stringify(given)) as Record<string, unknown>, requestId: id }
        expect(parseRequest(formatRequest(request))).toEqual({ ok: true, request })
      }),
    )
  })

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseRequest(text)))
  })

  it('fills in what may be absent', () => {
    expect(parseRequest('{"verb":"ping"}')).toEqual({ ok: true, request: { verb: 'ping', args: {}, requestId: null } })
  })

  const refused: [text: string, requestId: unknown, message: RegExp][] = [
    ['nonsense', null, /not JSON/],
    ['[]', null, /an object/],
    ['null', null, /an object/],
    ['{"request_id":7}', 7, /"verb" is a string/],
    ['{"verb":1,"request_id":"a"}', 'a', /"verb" is a string/],
    ['{"verb":"ping","args":[],"request_id":7}', 7, /"args" is an object/],
    ['{"verb":"ping","args":null}', null, /"args" is an object/],
    ['{"verb":"ping","request_id":{}}', null, /"request_id" is a number or a string/],
    [JSON.stringify({ verb: 'ping', request_id: 'x'.repeat(129) }), null, /at most 128 characters/],
    ['{"verbs":"ping","request_id":7}', 7, /unknown key "verbs" in the request; did you mean "verb"\?/],
  ]
  it.each(refused)('refuses %s', (text, requestId, message) => {
    const parsed = parseRequest(text)
    expect(parsed).toMatchObject({ ok: false, requestId, error: { code: 'malformed_request' } })
    expect(parsed.ok ? '' : parsed.error.message).toMatch(message)
  })
})
