import fc from 'fast-check'
import { watPlugin } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { BinaryFormatError } from '../../src/binary/binary-format-error.ts'
import { UnsupportedError } from '../../src/binary/unsupported-error.ts'
import { shareLimits } from '../../src/instrument/core-limits.ts'
import { readCoreModule } from '../../src/instrument/core-module.ts'
import { rewriteModule, type InstrumentedModule } from '../../src/instrument/rewrite-module.ts'
import { parseComponent } from '../../src/parse/parse-component.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { AMPLE, instrumentBytes, instrumentWat } from '../_core.ts'
import { mutations } from '../_mutations.ts'

describe('proposals that are not supported are refused by name', () => {
  test.each([
    ['(memory 1) (memory 1)', 'more than one memory'],
    ['(memory i64 1)', 'a 64-bit memory'],
    ['(memory 1 1 shared)', 'a shared memory'],
    ['(table i64 1 funcref)', 'a 64-bit table'],
    ['(func $f) (table 1 funcref (ref.func $f))', 'a table whose elements have an initial value'],
    ['(type (struct))', 'garbage collection'],
    ['(type (array i32))', 'garbage collection'],
    ['(rec (type (func)))', 'garbage collection'],
    ['(type $t (func)) (func (param (ref $t)))', 'typed references'],
    ['(type $t (func)) (func (local (ref null $t)))', 'typed references'],
    ['(type $t (func)) (func (result (ref null $t)) (ref.null $t))', 'typed references'],
    ['(func (drop (block (result (ref null func)) (ref.null func))))', undefined],
    ['(func (drop (block (result (ref null any)) (ref.null any))))', 'a block type other than'],
    ['(func (drop (ref.null any)))', 'heap type'],
    ['(func (drop (ref.i31 (i32.const 1))))', 'garbage collection'],
    [
      '(type $t (func)) (func $f) (elem declare func $f) (func (call_ref $t (ref.func $f)))',
      'typed function references',
    ],
    ['(func $f) (elem declare func $f) (func (br_on_null 0 (ref.func $f)) (drop))', 'typed function references'],
    ['(memory 1 1) (func (drop (memory.atomic.notify (i32.const 0) (i32.const 0))))', 'threads and atomics'],
  ])('%s', async (fields, reason) => {
    const instrumented = instrumentWat(`(module ${fields})`)
    if (reason === undefined) await expect(instrumented).resolves.toMatchObject({ state: { ownsMemory: false } })
    else {
      await expect(instrumented).rejects.toThrow(reason)
      await expect(instrumented).rejects.toBeInstanceOf(UnsupportedError)
    }
  })
})

describe('functions that would take the engine long to compile are refused', () => {
  const limit = /a function with \d+ values at its joins, more than the limit of 5000000/
  const join = '(if (local.get $p) (then (local.set $p (i32.const 1))) (else (local.set $p (i32.const 2))))'

  test.each<[string, (joins: number) => string]>([
    ['many locals', (joins) => `(func (param $p i32) (local ${'i64 '.repeat(10_000)}) ${join.repeat(joins)})`],
    [
      'many operands',
      (joins) =>
        `(func (param $p i32) ${'(i32.const 1)'.repeat(10_000)} ${join.repeat(joins)} ${'(drop)'.repeat(10_000)})`,
    ],
    [
      'many operands from calls',
      (joins) => `(func $many (result ${'i32 '.repeat(1000)}) (unreachable))
        (func (param $p i32) ${'(call $many)'.repeat(10)} ${join.repeat(joins)} ${'(drop)'.repeat(10_000)})`,
    ],
    [
      'many operands from blocks',
      (joins) => `(type $t (func (result ${'i32 '.repeat(1000)})))
        (func (param $p i32) ${'(block (type $t) (unreachable))'.repeat(10)} ${join.repeat(joins)} ${'(drop)'.repeat(10_000)})`,
    ],
    [
      'many targets of one branch',
      (joins) => `(func (param $p i32) (local ${'i64 '.repeat(10_000)})
        (block $a (block $b (br_table ${'$a $b '.repeat(joins)} (local.get $p)))))`,
    ],
  ])('%s', async (_what, module) => {
    await expect(instrumentWat(`(module ${module(600)})`)).rejects.toThrow(limit)
    await expect(instrumentWat(`(module ${module(600)})`)).rejects.toBeInstanceOf(UnsupportedError)
    await expect(instrumentWat(`(module ${module(20)})`)).resolves.toMatchObject({ state: { ownsMemory: false } })
  })

  const operands = (code: string): string => `${'(i32.const 1)'.repeat(10_000)} ${code} ${'(drop)'.repeat(10_000)}`
  const many = 'i64 '.repeat(1000)

  test.each<[string, number, (count: number) => string]>([
    [
      'calls that pass and answer much',
      40,
      (count) => `(func $src (result ${many}) (unreachable)) (func $same (param ${many}) (result ${many}) (unreachable))
        (func (call $src) ${'(call $same)'.repeat(count)} ${'(drop)'.repeat(1000)})`,
    ],
    ['many operands, and calls', 5000, (count) => `(func $n) (func ${operands('(call $n)'.repeat(count))})`],
    [
      'many operands, and calls through a table',
      5000,
      (count) => `(table 1 funcref) (func ${operands('(call_indirect (i32.const 0))'.repeat(count))})`,
    ],
    [
      'many operands, and growing',
      600,
      (count) => `(memory 1) (func ${operands('(drop (memory.grow (i32.const 0)))'.repeat(count))})`,
    ],
    [
      'many operands, and filling',
      600,
      (count) =>
        `(memory 1) (func ${operands('(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))'.repeat(count))})`,
    ],
    [
      'many locals, and whatever takes registers',
      10_000,
      (count) => `(func (local ${'i64 '.repeat(10_000)})
        ${'(local.set 0 (i64.add (local.get 1) (local.get 2)))'.repeat(count)})`,
    ],
    ['blocks in blocks', 160_000, (count) => `(func ${'block '.repeat(count)} ${'end '.repeat(count)})`],
  ])('%s', async (_what, count, module) => {
    await expect(instrumentWat(`(module ${module(count)})`)).rejects.toThrow(limit)
    await expect(instrumentWat(`(module ${module(count / 20)})`)).resolves.toBeDefined()
  })

  test('code that is not reached counts nothing, and neither do values that are gone', async () => {
    const gone = `${'(i32.const 1)'.repeat(10_000)} ${'(drop)'.repeat(10_000)}`
    const fine = `(func (param $p i32) ${gone} ${join.repeat(2000)})
      (func (param $p i32) (local ${'i64 '.repeat(10_000)}) (return) ${join.repeat(2000)})`
    await expect(instrumentWat(`(module ${fine})`)).resolves.toMatchObject({ state: { ownsMemory: false } })
  })
})

test('a function of more code than a mebibyte is refused', async () => {
  const instrumented = instrumentWat(`(module (func (local i64) ${'(local.set 0 (i64.const 1))'.repeat(300_000)}))`)
  await expect(instrumented).rejects.toThrow('a function of 1200004 bytes, more than the limit of 1048576')
  await expect(instrumented).rejects.toBeInstanceOf(UnsupportedError)
})

/** A module with one function of no parameters, whose code this is. */
function moduleOf(...code: number[]): Uint8Array {
  const preamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  const types = [1, 4, 1, 0x60, 0, 0]
  const functions = [3, 2, 1, 0]
  const codes = [10, code.length + 4, 1, code.length + 2, 0, ...code, 0x0b]
  return Uint8Array.from([preamble, types, functions, codes].flat())
}

/** Rewrites a module that nobody has found valid. */
function rewrite(bytes: Uint8Array): InstrumentedModule {
  const module = readCoreModule(bytes)
  const [caps] = shareLimits([module], [0], AMPLE)
  if (caps === undefined) throw new Error('no caps came out')
  return rewriteModule(module, caps)
}

describe('code that reaches for what the meter appends is not valid to begin with', () => {
  test.each<[string, number[]]>([
    ['the fuel', [0x41, 0xff, 0xff, 0xff, 0x07, 0x24, 0]],
    ['the slot', [0x41, 0, 0xd0, 0x70, 0x26, 0]],
    ['calling through the slot', [0x41, 0, 0x11, 0, 0]],
    ['the type of the slot', [0x02, 1, 0x0b]],
    ['the local that a charge uses', [0x41, 0, 0x21, 0]],
  ])('%s', (_, code) => {
    expect(() => instrumentBytes(moduleOf(...code))).toThrow(/core module 0 is not valid: /)
  })
})

describe('a number or type that is written otherwise than usual', () => {
  test.each<[string, number[]]>([
    // Were the second byte taken for an opcode, everything behind it would be read out of step.
    ['a block type of two bytes', [0x02, 0x63, 0x70, 0xd0, 0x70, 0x0b, 0x1a]],
    ['a block type that is negative at length', [0x02, 0xff, 0x7f, 0x41, 0, 0x0b, 0x1a]],
    ['a heap type of its own', [0xd0, 0x64, 0x70, 0x1a]],
  ])('%s is refused', (_, code) => {
    expect(() => rewrite(moduleOf(...code))).toThrow(BinaryFormatError)
  })
})

test('modules that no engine would take are taken by nothing else here either', () => {
  for (const bytes of [
    Uint8Array.of(),
    Uint8Array.of(0, 0x61, 0x73, 0x6d),
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0),
  ]) {
    expect(() => instrumentBytes(bytes)).toThrow(/core module 0 is not valid/)
    expect(() => readCoreModule(bytes)).toThrow(BinaryFormatError)
  }
})

test('whatever the bytes are, the rewriter refuses them with an error of its own or keeps them valid', async () => {
  const component = await watPlugin({
    metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: {
      'l7-request': [{ do: 'count' }, { do: 'grow', pages: 1 }, { answer: 'short', body: { echo: 'headers' } }],
    },
    fields: '(table $t 1 2 funcref) (func $f (drop (table.grow $t (ref.null func) (i32.const 1)))) (elem $e func $f)',
  })
  const whole = makePlan(parseComponent(component)).coreModules[0] ?? new Uint8Array()
  let kept = 0
  fc.assert(
    fc.property(mutations(whole), (bytes) => {
      try {
        const { bytes: rewritten } = rewrite(bytes)
        if (!WebAssembly.validate(bytes)) return
        expect(WebAssembly.validate(rewritten)).toBe(true)
        kept++
      } catch (error) {
        expect(error).toBeInstanceOf(BinaryFormatError)
      }
    }),
    { numRuns: 3000 },
  )
  expect(kept).toBeGreaterThan(10)
})
