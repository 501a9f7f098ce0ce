import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { METER_EXPORTS } from '../../src/instrument/meter-names.ts'
import { openSite, REQUEST, bodyOf } from '../_setup.ts'
import { meterWat, type MeteredCore } from '../_core.ts'

const STORES: Readonly<Record<string, string>> = {
  'i32.store': 'i32',
  'i64.store': 'i64',
  'f32.store': 'f32',
  'f64.store': 'f64',
  'i32.store8': 'i32',
  'i32.store16': 'i32',
  'i64.store8': 'i64',
  'i64.store16': 'i64',
  'i64.store32': 'i64',
  'v128.store': 'v128',
  'v128.store8_lane': 'v128',
  'v128.store16_lane': 'v128',
  'v128.store32_lane': 'v128',
  'v128.store64_lane': 'v128',
}

const OFFSETS = [0, 1, 509, 512, 513, 70_000]

/** A function for each store and offset, and one for each bulk operation. */
function writersWat(): string {
  const functions = Object.entries(STORES).flatMap(([store, type]) =>
    OFFSETS.map((offset) => {
      const value = type === 'v128' ? '(i8x16.splat (i32.const 0xab))' : `(${type}.const 0x2b2b2b2b)`
      const lane = store.endsWith('_lane') ? '0' : ''
      return `(func (export "${store} ${offset}") (param i32)
        (${store} offset=${offset} align=1 ${lane} (local.get 0) ${value}))`
    }),
  )
  return `(module
    (memory (export "memory") 2 4)
    (data (i32.const 0) "initial")
    (data $d "passive data of some length")
    ${functions.join('\n')}
    (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 0xcd) (local.get 1)))
    (func (export "copy") (param i32 i32) (memory.copy (local.get 0) (i32.const 0) (local.get 1)))
    (func (export "init") (param i32 i32) (memory.init $d (local.get 0) (i32.const 0) (local.get 1)))
    (func (export "dead") (param i32) (unreachable) (i32.store (i32.const 1)) (memory.fill)))`
}

function bytesOf({ instance }: MeteredCore): Uint8Array {
  return new Uint8Array((instance.exports['memory'] as WebAssembly.Memory).buffer)
}

const run = ({ instance }: MeteredCore, name: string): unknown =>
  (instance.exports[name] as WebAssembly.ExportedFunction)()

/** Calls an export and puts the instance back; answers whether its memory is as it was. */
function isPutBack(core: MeteredCore, calls: readonly (readonly [name: string, args: readonly number[]])[]): boolean {
  const before = bytesOf(core).slice()
  for (const [name, args] of calls) {
    try {
      core.call(name, args)
    } catch (error) {
      expect(error).toBeInstanceOf(WebAssembly.RuntimeError)
    }
  }
  expect(run(core, METER_EXPORTS.restore)).toBeGreaterThanOrEqual(0)
  return Buffer.compare(before, bytesOf(core)) === 0
}

describe('whatever writes to memory is found when it is put back', () => {
  test.each(Object.keys(STORES))('%s, about the ends of chunks, words and the memory', async (store) => {
    const core = await meterWat(writersWat())
    expect(run(core, METER_EXPORTS.save)).toBe(1)
    const near = [0, 511, 512, 4095, 4096, 65_535, 65_536, 131_072]
    const addresses = near.flatMap((at) => Array.from({ length: 20 }, (_, i) => at - i).filter((one) => one >= 0))
    for (const offset of OFFSETS) {
      for (const at of [...addresses, 0xffff_ffff, 0xffff_fe00 - offset]) {
        expect(isPutBack(core, [[`${store} ${offset}`, [at]]]), `${store} offset=${offset} at ${at}`).toBe(true)
      }
    }
  })

  test('anything, any number of times, whether it is a trap or not', async () => {
    const core = await meterWat(writersWat())
    bytesOf(core).set([1, 2, 3], 70_000)
    expect(run(core, METER_EXPORTS.save)).toBe(1)
    const at = fc.oneof(fc.integer({ min: 0, max: 131_100 }), fc.constantFrom(-1, -512, 0x7fff_ffff))
    const store = fc
      .tuple(fc.constantFrom(...Object.keys(STORES)), fc.constantFrom(...OFFSETS), at)
      .map(([name, offset, address]) => [`${name} ${offset}`, [address]] as const)
    const bulk = fc
      .tuple(fc.constantFrom('fill', 'copy', 'init'), at, at)
      .map(([name, address, length]) => [name, [address, length]] as const)
    fc.assert(
      fc.property(fc.array(fc.oneof(store, bulk), { maxLength: 12 }), (calls) => {
        expect(isPutBack(core, calls)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('nothing at all, at the very end', async () => {
    const core = await meterWat(writersWat())
    run(core, METER_EXPORTS.save)
    for (const name of ['fill', 'copy', 'init']) {
      core.call(name, [131_072, 0])
      expect(() => core.call(name, [131_073, 0])).toThrow(WebAssembly.RuntimeError)
    }
    expect(run(core, METER_EXPORTS.restore)).toBe(0)
  })

  test('a store behind the end is the trap that it was', async () => {
    const core = await meterWat(writersWat())
    for (const at of [131_069, 131_072, 262_144, 0x7fff_ffff, -1, -4]) {
      expect(() => core.call('i32.store 0', [at])).toThrow('memory access out of bounds')
      expect(() => core.call('fill', [at, 4])).toThrow('memory access out of bounds')
    }
  })
})

test('what one module writes into the memory of another is found, too', async () => {
  const owner = await meterWat(`(module (memory (export "memory") 1) (func (export "noop")))`)
  const writer = await meterWat(
    `(module (import "o" "memory" (memory 1))
      (func (export "write") (param i32) (i64.store (local.get 0) (i64.const -1))))`,
    { imports: { o: owner.instance.exports } },
  )
  expect(writer.instrumented.state).toMatchObject({ ownsMemory: false, hasMap: true, hasReset: false })
  const { ForeignMarks } = await import('../../src/instance/core-snapshot.ts')
  run(owner, METER_EXPORTS.save)
  const marks = new ForeignMarks(writer.instance, owner.instance)
  const before = bytesOf(owner).slice()
  for (const at of [0, 509, 4094, 65_528]) {
    writer.call('write', [at])
    expect(Buffer.compare(before, bytesOf(owner))).not.toBe(0)
    marks.move()
    expect(run(owner, METER_EXPORTS.restore)).toBeGreaterThan(0)
    expect(Buffer.compare(before, bytesOf(owner))).toBe(0)
  }
})

test('of a module with much code no more is put back than was written', async () => {
  const core = await meterWat(`(module (memory (export "memory") 2)
    (func (export "write") (param i32) (i64.store (local.get 0) (i64.const -1)))
    (func ${'nop '.repeat(300_000)}))`)
  expect(core.instrumented.state).toMatchObject({ ownsMemory: true, hasMap: true, hasReset: true })
  expect(run(core, METER_EXPORTS.save)).toBe(1)
  for (const at of [0, 65_530, 131_064]) {
    core.call('write', [at])
    expect(bytesOf(core)[at]).toBe(255)
    expect(run(core, METER_EXPORTS.restore)).toBeLessThan(4096)
    expect(bytesOf(core)[at]).toBe(0)
  }
})

test('globals of every type that can be kept are', async () => {
  const core = await meterWat(`(module
    (global $a (export "a") (mut i32) (i32.const 1)) (global $b (export "b") (mut i64) (i64.const 2))
    (global $c (export "c") (mut f32) (f32.const 3)) (global $d (export "d") (mut f64) (f64.const 4))
    (global $e (export "e") (mut funcref) (ref.null func)) (global $g (export "g") (mut externref) (ref.null extern))
    (func $f (export "change")
      (global.set $a (i32.const 9)) (global.set $b (i64.const 9)) (global.set $c (f32.const 9))
      (global.set $d (f64.const 9)) (global.set $e (ref.func $f))))`)
  const values = (): unknown[] =>
    ['a', 'b', 'c', 'd', 'e', 'g'].map((name) => (core.instance.exports[name] as WebAssembly.Global).value)
  const before = values()
  expect(run(core, METER_EXPORTS.save)).toBe(1)
  core.call('change')
  ;(core.instance.exports['g'] as WebAssembly.Global).value = {}
  expect(values()).not.toEqual(before)
  expect(run(core, METER_EXPORTS.restore)).toBe(0)
  expect(values()).toEqual(before)
})

test('a memory that has grown cannot be put back', async () => {
  const core = await meterWat(`(module (memory 1 2) (func (export "grow") (drop (memory.grow (i32.const 1)))))`)
  run(core, METER_EXPORTS.save)
  core.call('grow', [], 1000)
  expect(run(core, METER_EXPORTS.restore)).toBe(-1)
})

test('what the host wrote for one call is gone before the next', async () => {
  const { site, runtime } = await openSite({
    metadata: { exports: [{ name: 'x', kind: 'l7-request', needsBody: true }] },
    handlers: { 'l7-request': { answer: 'short', body: { echo: 'memory', at: 0, length: 3 * 65_536 } } },
    memory: { pages: 8 },
  })
  const header = { name: 'x-token', value: 'SECRET'.repeat(10) }
  const secret = { data: Buffer.from('SECRET'.repeat(20_000)), truncated: false }
  const context = [{ path: 'p', value: { tag: 'text', val: 'SECRET' } as const }]
  for (let n = 0; n < 5; n++) {
    const full = { ...REQUEST, uri: '/SECRET', headers: [header], body: secret, context }
    expect(await bodyOf(site.l7Request(full))).toContain('SECRETSECRET')
    for (let again = 0; again < 3; again++) expect(await bodyOf(site.l7Request(REQUEST))).not.toContain('SECRET')
  }
  expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(3)
})
