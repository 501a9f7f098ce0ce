import { describe, expect, it } from 'vitest'
import { MgmtError } from '../wire/mgmt-error.ts'
import { validateArgs } from './validate-args.ts'

function refusal(verb: string, args: Record<string, unknown>): { code: string; message: string } | undefined {
  try {
    validateArgs(verb, args)
    return undefined
  } catch (error) {
    if (!(error instanceof MgmtError)) throw error
    return { code: error.code, message: error.message }
  }
}

describe('validateArgs', () => {
  it.each(['ping', 'stats', 'get_pools', 'get_config', 'reload', 'shutdown'])(
    'lets %s pass without arguments',
    (verb) => {
      expect(validateArgs(verb, {})).toBe(verb)
    },
  )

  it('suggests the verb that was meant', () => {
    expect(refusal('get_pool', {})).toEqual({
      code: 'unknown_verb',
      message: 'unknown verb "get_pool"; did you mean "get_pools"?',
    })
    expect(refusal('frobnicate', {})).toEqual({ code: 'unknown_verb', message: 'unknown verb "frobnicate"' })
  })

  it.each(['constructor', '__proto__', 'toString', ''])('knows no verb %j', (verb) => {
    expect(refusal(verb, {})?.code).toBe('unknown_verb')
  })

  it('refuses arguments the verb does not take', () => {
    expect(refusal('ping', { loud: true })?.message).toBe('ping: unknown argument "loud"; ping takes none')
    expect(refusal('shutdown', { timeout_sec: 1 })?.message).toBe(
      'shutdown: unknown argument "timeout_sec"; did you mean "timeout_secs"?',
    )
    expect(refusal('shutdown', JSON.parse('{"__proto__":1}') as Record<string, unknown>)?.code).toBe('invalid_args')
  })

  it.each([-1, 86_401, 1.5, '5', null, true, Number.NaN])('refuses a timeout of %j', (value) => {
    expect(refusal('shutdown', { timeout_secs: value })).toEqual({
      code: 'invalid_args',
      message: 'shutdown: "timeout_secs" is an integer from 0 to 86400',
    })
  })

  it.each([0, 86_400])('takes a timeout of %j', (value) => {
    expect(validateArgs('shutdown', { timeout_secs: value })).toBe('shutdown')
  })
})
