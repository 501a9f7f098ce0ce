import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ERROR_KINDS, type ErrorCategory } from './error-kinds.ts'
import { VaneError } from './vane-error.ts'

const CATEGORIES: readonly [category: ErrorCategory, isRetryable: boolean, httpStatus: number][] = [
  [{ kind: 'io' }, false, 502],
  [{ kind: 'protocol' }, false, 400],
  [{ kind: 'upstream', reason: 'unreachable' }, true, 502],
  [{ kind: 'upstream', reason: 'reset-mid-request' }, false, 502],
  [{ kind: 'upstream', reason: 'reset-on-idle-pickup' }, true, 502],
  [{ kind: 'upstream', reason: 'reset-before-response' }, true, 502],
  [{ kind: 'upstream', reason: 'tls-handshake' }, false, 502],
  [{ kind: 'upstream', reason: 'dns-failure' }, true, 502],
  [{ kind: 'upstream', reason: 'refused' }, true, 502],
  [{ kind: 'upstream', reason: 'gone' }, true, 502],
  [{ kind: 'upstream', reason: 'malformed' }, false, 502],
  [{ kind: 'middleware' }, false, 500],
  [{ kind: 'compile' }, false, 500],
  [{ kind: 'timeout', reason: 'connect' }, true, 504],
  [{ kind: 'timeout', reason: 'read' }, false, 504],
  [{ kind: 'timeout', reason: 'total' }, false, 504],
  [{ kind: 'timeout', reason: 'idle' }, false, 504],
  [{ kind: 'timeout', reason: 'handshake' }, false, 504],
  [{ kind: 'canceled' }, false, 499],
  [{ kind: 'resource', reason: 'connection-pool' }, false, 503],
  [{ kind: 'resource', reason: 'wasm-pool' }, false, 503],
  [{ kind: 'resource', reason: 'body-memory' }, false, 503],
  [{ kind: 'resource', reason: 'memory' }, false, 503],
  [{ kind: 'resource', reason: 'file-descriptors' }, false, 503],
  [{ kind: 'internal' }, false, 500],
]

describe('kinds', () => {
  test.each(CATEGORIES)('%j: retryable %s, status %i', (category, isRetryable, httpStatus) => {
    const error = new VaneError(category, 'it broke')
    expect(error.kind).toBe(category.kind)
    expect(error.reason).toBe('reason' in category ? category.reason : undefined)
    expect(error.isRetryable()).toBe(isRetryable)
    expect(error.httpStatus()).toBe(httpStatus)
  })

  test('the table above knows every kind', () => {
    expect([...new Set(CATEGORIES.map(([{ kind }]) => kind))]).toEqual(ERROR_KINDS)
  })

  test('is an Error with name, message, cause and stack', () => {
    const cause = new Error('under it')
    const error = new VaneError({ kind: 'io' }, 'on top', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('VaneError: on top')
    expect(error.cause).toBe(cause)
    expect(error.stack).toContain('vane-error.test.ts')
    expect('cause' in new VaneError({ kind: 'io' }, 'alone')).toBe(false)
  })
})

describe('JSON form', () => {
  test('holds what there is and nothing else', () => {
    expect(new VaneError({ kind: 'compile' }, 'no rules').toJSON()).toEqual({ kind: 'compile', message: 'no rules' })
    const cause = new Error('outer', { cause: new TypeError('inner', { cause: 'thrown text' }) })
    const error = new VaneError({ kind: 'upstream', reason: 'gone' }, 'stream ended', {
      cause,
      context: { rule: 'r', node: 3 },
    })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      kind: 'upstream',
      reason: 'gone',
      message: 'stream ended',
      context: '{"rule":"r","node":3}',
      causes: ['outer', 'inner', 'thrown text'],
    })
  })

  test('caps the message at 4 KiB, the context at 1 KiB and the causes at 16 of 1 KiB', () => {
    let cause: unknown = undefined
    for (let depth = 0; depth < 100; depth++) cause = new Error('ß'.repeat(100_000), { cause })
    const json = new VaneError({ kind: 'io' }, '€'.repeat(100_000), {
      cause,
      context: { big: '😀'.repeat(10_000) },
    }).toJSON()
    expect(Buffer.byteLength(json.message)).toBeGreaterThan(4096 - 8)
    expect(Buffer.byteLength(json.message)).toBeLessThanOrEqual(4096)
    expect(json.message).toMatch(/^€+…$/)
    expect(Buffer.byteLength(json.context!)).toBeGreaterThan(1024 - 8)
    expect(Buffer.byteLength(json.context!)).toBeLessThanOrEqual(1024)
    expect(json.causes).toHaveLength(16)
    for (const text of json.causes!) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024)
      expect(text).toMatch(/^ß+…$/)
    }
  })

  test('a text exactly at its cap stays whole', () => {
    const whole = 'x'.repeat(4096)
    expect(new VaneError({ kind: 'io' }, whole).toJSON().message).toBe(whole)
    expect(new VaneError({ kind: 'io' }, `${whole}x`).toJSON().message).toBe(`${'x'.repeat(4093)}…`)
  })

  test('is bounded, well-formed and never throws, whatever the message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.nat(2000), (unit, times) => {
        const text = unit.repeat(times)
        const { message, causes } = new VaneError({ kind: 'io' }, text, { cause: text }).toJSON()
        expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096)
        expect(message.isWellFormed()).toBe(true)
        expect(Buffer.byteLength(causes![0]!)).toBeLessThanOrEqual(1024)
        if (Buffer.byteLength(text) <= 4096) expect(message).toBe(text.toWellFormed())
        else expect(text.toWellFormed().startsWith(message.slice(0, -1))).toBe(true)
      }),
    )
  })

  test('a lone surrogate becomes U+FFFD', () => {
    expect(new VaneError({ kind: 'io' }, 'a\ud800b').toJSON().message).toBe('a\ufffdb')
    expect(new VaneError({ kind: 'io' }, '\ud800'.repeat(5_000)).toJSON().message).toBe(`${'\ufffd'.repeat(1364)}…`)
  })
})

describe('hostile causes', () => {
  test('a cycle is told once', () => {
    const first = new Error('first')
    const second = new Error('second', { cause: first })
    first.cause = second
    expect(new VaneError({ kind: 'io' }, 'm', { cause: first }).toJSON().causes).toEqual(['first', 'second'])
    const self = new VaneError({ kind: 'io' }, 'self')
    self.cause = self
    expect(self.toJSON().causes).toEqual(['self'])
  })

  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const throwing = () => {
    throw new Error('gotcha')
  }
  class ThrowingMessage extends Error {
    override get message(): string {
      return throwing()
    }
  }
  class ThrowingCause extends Error {
    override get cause(): unknown {
      return throwing()
    }
  }
  test.each([
    ['toString that throws', { toString: throwing }, '[unprintable]'],
    ['object without prototype', Object.create(null), '[unprintable]'],
    ['revoked proxy', revoked.proxy, '[unprintable]'],
    [
      'proxy that throws on every trap',
      new Proxy(new Error('m'), { get: throwing, getPrototypeOf: throwing }),
      '[unprintable]',
    ],
    ['message that throws', new ThrowingMessage(), '[unprintable]'],
    ['cause that throws', new ThrowingCause('kept'), 'kept'],
    ['message that is no text', Object.assign(new Error(), { message: { toString: throwing } }), '[unprintable]'],
    ['symbol', Symbol('s'), 'Symbol(s)'],
    ['bigint', 10n ** 3n, '1000'],
    ['false', false, 'false'],
  ])('%s', (_, cause, told) => {
    expect(new VaneError({ kind: 'io' }, 'm', { cause }).toJSON().causes).toEqual([told])
  })

  test('no cause at all', () => {
    expect(new VaneError({ kind: 'io' }, 'm', { cause: undefined }).toJSON().causes).toBeUndefined()
    expect(new VaneError({ kind: 'io' }, 'm', { cause: null }).toJSON().causes).toBeUndefined()
  })

  test('context that JSON cannot hold', () => {
    const context = { size: 1n } as unknown as Record<string, number>
    expect(new VaneError({ kind: 'io' }, 'm', { context }).toJSON().context).toBe('[unprintable]')
  })

  test('an error without message is told by what it gathered, or by name and code', () => {
    const refused = [new Error('connect ECONNREFUSED 127.0.0.1:1'), new Error('connect ECONNREFUSED ::1:1')]
    const gathered = new VaneError({ kind: 'upstream', reason: 'unreachable' }, 'm', {
      cause: new AggregateError(refused),
    })
    expect(gathered.toJSON().causes).toEqual(['connect ECONNREFUSED 127.0.0.1:1; connect ECONNREFUSED ::1:1'])
    const mixed = new AggregateError(['text', 7])
    expect(new VaneError({ kind: 'io' }, 'm', { cause: mixed }).toJSON().causes).toEqual(['text; [unprintable]'])
    const coded = Object.assign(new Error(), { code: 'EPIPE' })
    expect(new VaneError({ kind: 'io' }, 'm', { cause: coded }).toJSON().causes).toEqual(['Error EPIPE'])
    expect(new VaneError({ kind: 'io' }, 'm', { cause: new RangeError() }).toJSON().causes).toEqual(['RangeError'])
  })
})
