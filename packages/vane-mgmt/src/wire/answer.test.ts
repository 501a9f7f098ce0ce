import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatError, formatResult, parseAnswer } from './answer.ts'
import { MgmtError } from './mgmt-error.ts'

describe('answers', () => {
  it('are one line and read back as they were', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const result: unknown = JSON.parse(JSON.stringify(value))
        const line = formatResult(3, result)
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(parseAnswer(line)).toEqual({ request_id: 3, result, error: null })
      }),
    )
    expect(parseAnswer(formatError('a', new MgmtError('failed', 'no\nluck', { n: 1 })))).toEqual({
      request_id: 'a',
      result: null,
      error: { code: 'failed', message: 'no\nluck', data: { n: 1 } },
    })
  })

  it('pass over keys they do not know, so that a newer daemon can add some', () => {
    expect(parseAnswer('{"request_id":1,"result":2,"error":null,"stream":{}}')).toEqual({
      request_id: 1,
      result: 2,
      error: null,
    })
  })

  it.each(['', 'x', '[]', '{"error":"text"}', '{"error":{"code":1,"message":"m"}}', '{"request_id":{}}'])(
    'that are none: %s',
    (text) => {
      expect(parseAnswer(text)).toBeUndefined()
    },
  )
})
