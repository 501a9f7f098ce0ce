import fc from 'fast-check'
import { watPlugin } from 'vane-fixtures'
import { parseWat } from 'vane-plugin-sdk/build'
import { describe, expect, test } from 'vitest'

import { BinaryFormatError } from '../src/binary/binary-format-error.ts'
import { prepare } from '../src/component/prepare.ts'
import { Refusal } from '../src/component/refusal.ts'
import { parseComponent } from '../src/parse/parse-component.ts'
import { makePlan } from '../src/plan/make-plan.ts'
import { DEFAULT_PLUGIN_LIMITS, toCoreLimits } from '../src/plugin-limits.ts'
import { openComponent } from './_component.ts'
import { mutations } from './_mutations.ts'

const LIMITS = toCoreLimits(DEFAULT_PLUGIN_LIMITS)

function reasonOf(bytes: Uint8Array): string {
  try {
    prepare(bytes, LIMITS)
    return 'accepted'
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

async function plan(wat: string): Promise<ReturnType<typeof makePlan>> {
  return makePlan(parseComponent(await parseWat(wat)))
}

/** Runs whatever a component exports; it may fail as it likes, but within its limits. */
function runAll(bytes: Uint8Array): void {
  const host = Object.fromEntries(
    ['get-args', 'log', 'now-unix-ms', 'random', 'metric-counter', 'metric-gauge', 'http-fetch'].map((name) => [
      `vane:host/host@0.1.0#${name}`,
      () => undefined,
    ]),
  )
  const { plan } = makePlan(parseComponent(bytes))
  for (const [interfaceName, functions] of plan.exports) {
    for (const name of functions.keys()) {
      try {
        openComponent(bytes, { host, limitMs: 20 }).call(interfaceName, name, 'x', INPUT)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }
  }
}

const INPUT = {
  method: 'GET',
  uri: '/',
  status: 200,
  headers: [],
  peek: Buffer.of(),
  bytes: { data: Buffer.of(), truncated: false },
  context: [],
}

/** A plugin with everything that a fixture can have. */
async function everything(): Promise<Uint8Array> {
  return await watPlugin({
    metadata: { exports: [{ name: 'x', kind: 'l7-request', inspects: ['conn.id'] }] },
    handlers: {
      'l4-peek': { answer: 'close' },
      'l4-bytes': { answer: 'tunnel' },
      'l7-request': [
        { do: 'log', message: 'a' },
        { do: 'metric-counter', name: 'a' },
        { do: 'metric-gauge', name: 'a' },
        { do: 'random', length: 1 },
        { do: 'http-fetch', url: 'http://a.test/' },
        { answer: 'short', body: [{ echo: 'args' }, { echo: 'now' }] },
      ],
      'l7-response': { answer: 'modify' },
    },
  })
}

test('a component that was changed anywhere is refused with a reason or prepared, and nothing else', async () => {
  const whole = await everything()
  const outcomes = new Set<string>()
  fc.assert(
    fc.property(mutations(whole), (bytes) => {
      const reason = reasonOf(bytes)
      outcomes.add(reason.split(':')[0] ?? '')
      if (reason !== 'accepted') return
      for (const { bytes: module } of prepare(bytes, LIMITS).modules) expect(WebAssembly.validate(module)).toBe(true)
      runAll(bytes)
    }),
    { numRuns: 1500 },
  )
  expect(outcomes.has('accepted')).toBe(true)
  expect(outcomes.size).toBeGreaterThan(3)
})

test('components inside a component that was changed anywhere are planned or refused', async () => {
  const whole = await parseWat(`(component
    (component $A
      (core module $M (memory (export "m") 1) (func (export "f") (param i32 i32) (result i32) (i32.const 0))
        (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
      (core instance $m (instantiate $M))
      (type $t (record (field "a" string) (field "b" (list (option u64)))))
      (type $r (resource (rep i32)))
      (core func $drop (canon resource.drop $r))
      (func $f (param "x" string) (result (tuple string u8))
        (canon lift (core func $m "f") (memory (core memory $m "m")) (realloc (core func $m "r"))))
      (export "f" (func $f)) (export "t" (type $t)) (export "r" (type $r)))
    (instance $a (instantiate $A))
    (component $B
      (import "a" (instance $a (export "f" (func (param "x" string) (result (tuple string u8))))))
      (alias export $a "f" (func $f))
      (core module $M (memory (export "m") 1) (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
      (core instance $m (instantiate $M))
      (core func $f' (canon lower (func $f) (memory (core memory $m "m")) (realloc (core func $m "r"))))
      (core instance (export "f" (func $f'))))
    (instance $b (instantiate $B (with "a" (instance $a))))
    (export "a" (instance $a)))`)
  let planned = 0
  fc.assert(
    fc.property(mutations(whole), (bytes) => {
      try {
        structuredClone(makePlan(parseComponent(bytes)).plan)
        planned++
      } catch (error) {
        expect(error).toBeInstanceOf(BinaryFormatError)
      }
    }),
    { numRuns: 4000 },
  )
  expect(planned).toBeGreaterThan(10)
})

describe('what would grow without end is refused before it does', () => {
  test('types that double with each definition', async () => {
    const types = Array.from({ length: 31 }, (_, index) => `(type $t${index + 1} (tuple $t${index} $t${index}))`)
    await expect(plan(`(component (type $t0 (tuple u8 u8)) ${types.join(' ')})`)).rejects.toThrow(
      'a type of more than 10000 parts',
    )
  })

  test('types inside types', async () => {
    const types = Array.from({ length: 40 }, (_, index) => `(type $t${index + 1} (list $t${index}))`)
    await expect(plan(`(component (type $t0 (list u8)) ${types.join(' ')})`)).rejects.toThrow(
      'a type nested more than 32 deep',
    )
  })

  test('components that double with each definition', async () => {
    const components = Array.from(
      { length: 20 },
      (_, index) =>
        `(component $c${index + 1} (alias outer 1 $c${index} (component $c)) (instance (instantiate $c)) (instance (instantiate $c)))`,
    )
    await expect(
      plan(`(component (component $c0) ${components.join(' ')} (instance (instantiate $c20)))`),
    ).rejects.toThrow('more than 256 component instances')
  })

  test('components inside components', async () => {
    const nested = (depth: number): string => `(component ${depth === 0 ? '' : nested(depth - 1)})`
    await expect(plan(nested(30))).rejects.toThrow('components nested more than 16 deep')
  })

  test('core instances', async () => {
    const instances = '(core instance (instantiate $M))'.repeat(257)
    await expect(plan(`(component (core module $M) ${instances})`)).rejects.toThrow('more than 256 core instances')
  })

  test('bundles that are made over and over', async () => {
    const exports = Array.from({ length: 3000 }, (_, index) => `(export "e${index}" (func $m "f"))`).join(' ')
    const component = `(component $C (core module $M (func (export "f"))) (core instance $m (instantiate $M)) (core instance ${exports}))`
    await expect(plan(`(component ${component} ${'(instance (instantiate $C))'.repeat(200)})`)).rejects.toThrow(
      'more than 500000 definitions',
    )
  })

  test('functions that are lifted and lowered and lifted again', async () => {
    const again = Array.from(
      { length: 50 },
      (_, index) =>
        `(core func $c${index} (canon lower (func $f${index}))) (func $f${index + 1} (canon lift (core func $c${index})))`,
    )
    await expect(
      plan(`(component (core module $M (func (export "f"))) (core instance $m (instantiate $M))
        (func $f0 (canon lift (core func $m "f"))) ${again.join(' ')})`),
    ).rejects.toThrow('calls adapted more than 32 times over')
  })

  test('entries that are not there', () => {
    // A type section that says it has four billion entries.
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 7, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f)
    expect(reasonOf(bytes)).toContain('malformed component: unexpected end')
  })

  test('entries that are there', () => {
    const count = 600_000
    const content = Buffer.concat([Uint8Array.of(0xc0, 0xcf, 0x24), Buffer.alloc(count, 0x7f)])
    const bytes = Buffer.concat([Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 7, 0xc3, 0xcf, 0x24), content])
    expect(reasonOf(bytes)).toContain('more than 500000 entries')
  })
})

describe('what a component may not be made of', () => {
  test.each([
    ['(type (record (field "__proto__" u8)))', '"__proto__" is no label'],
    ['(type (record (field "a b" u8)))', 'is no label'],
    ['(type (enum "a" "a"))', 'a name occurs twice'],
    ['(type (record (field "a-b" u8) (field "aB" u8)))', 'a name occurs twice'],
    ['(type (tuple))', 'an empty tuple'],
    ['(type (record))', 'a type without cases or fields'],
    [`(type (flags ${Array.from({ length: 33 }, (_, index) => `"f${index}"`).join(' ')}))`, 'more than 32 flags'],
    ['(type (stream u8))', 'a stream'],
    ['(type (future u8))', 'a future'],
    ['(type (list u8 4))', 'a list of fixed length'],
    ['(alias outer 5 0 (type))', 'further out than there is anything'],
    ['(core func (canon context.get i32 0))', 'build the plugin without the asynchronous ABI'],
    ['(core func (canon backpressure.inc))', 'build the plugin without the asynchronous ABI'],
    [
      '(type $r (resource (rep i32))) (component $C (alias outer 1 $r (type $r)) (core func (canon resource.new $r))) (instance (instantiate $C))',
      'of a resource that another component defines',
    ],
  ])('%s', async (definitions, reason) => {
    await expect(plan(`(component ${definitions})`)).rejects.toThrow(reason)
    await expect(plan(`(component ${definitions})`)).rejects.toBeInstanceOf(BinaryFormatError)
  })
})

describe('functions of the contract with another type than the contract has', () => {
  test.each([
    ['(func (result string))', undefined],
    [
      '(func (result u32))',
      'imports "get-args" from vane:host/host with another type than the contract\'s (the result)',
    ],
    ['(func)', '(the result)'],
    ['(func (param "x" u32) (result string))', '(1 parameters)'],
  ])('get-args as %s', async (type, reason) => {
    const bytes = await parseWat(`(component (import "vane:host/host@0.1.0" (instance (export "get-args" ${type}))))`)
    expect(reasonOf(bytes)).toContain(reason ?? 'exports no vane:plugin/registry')
  })

  test.each([
    ['(func (param "level" $short) (param "m" string) (param "f" (list $kv)))', '(parameter 1)'],
    ['(func (param "level" $level) (param "m" (list u8)) (param "f" (list $kv)))', '(parameter 2)'],
    ['(func (param "level" $level) (param "m" string) (param "f" (list $vk)))', '(parameter 3)'],
    ['(func (param "level" $level) (param "m" string) (param "f" (list $kv)) (result u8))', '(the result)'],
    ['(func (param "any-name" $level) (param "m" string) (param "f" (list $kv)))', undefined],
  ])('log as %s', async (type, reason) => {
    const bytes = await parseWat(`(component (import "vane:host/host@0.1.0" (instance
      (type $level' (enum "trace" "debug" "info" "warn" "error")) (export "log-level" (type $level (eq $level')))
      (type $short' (enum "trace" "debug" "info" "warn")) (export "short-level" (type $short (eq $short')))
      (type $kv' (record (field "key" string) (field "value" string))) (export "log-field" (type $kv (eq $kv')))
      (type $vk' (record (field "value" string) (field "key" string))) (export "field-log" (type $vk (eq $vk')))
      (export "log" ${type}))))`)
    expect(reasonOf(bytes)).toContain(reason ?? 'exports no vane:plugin/registry')
  })

  test.each([
    [
      'get-metadata',
      '(func $f (result string) (canon lift (core func $m "f") (memory (core memory $m "m"))))',
      'exports vane:plugin/registry@0.1.0 get-metadata with another type',
    ],
    [
      'other',
      '(func $f (canon lift (core func $m "g")))',
      'exports vane:plugin/registry@0.1.0 without the function get-metadata',
    ],
  ])('a registry with %s', async (name, func, reason) => {
    const bytes = await parseWat(`(component
      (core module $M (memory (export "m") 1) (func (export "f") (result i32) (i32.const 0)) (func (export "g")))
      (core instance $m (instantiate $M)) ${func}
      (instance $r (export "${name}" (func $f))) (export "vane:plugin/registry@0.1.0" (instance $r)))`)
    expect(reasonOf(bytes)).toContain(reason)
  })
})
