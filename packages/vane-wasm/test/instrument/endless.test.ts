import { describe, expect, test } from 'vitest'

import { meterBytes, meterWat } from '../_core.ts'

const WORK = '(local.set $x (i64.mul (local.get $x) (i64.const 3)))'

/** Bodies that never end by themselves, each in another way. */
const ENDLESS: readonly (readonly [name: string, module: string])[] = [
  ['a loop', '(func (export "f") (loop $l (br $l)))'],
  ['a loop that branches on a condition', '(func (export "f") (loop $l (br_if $l (i32.const 1))))'],
  ['a loop that branches by a table', '(func (export "f") (loop $l (block $b (br_table $b $l (i32.const 1)))))'],
  [
    'a loop whose branch is deep inside',
    '(func (export "f") (loop $l (block (block (if (i32.const 1) (then (br $l)))))))',
  ],
  ['a loop through the other arm', '(func (export "f") (loop $l (if (i32.const 0) (then) (else (br $l)))))'],
  [
    'an outer loop around one that ends',
    `(func (export "f") (local $n i32) (loop $o
      (local.set $n (i32.const 9)) (loop $i (br_if $i (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (br $o)))`,
  ],
  [
    'recursion that branches',
    `(func $f (export "f") (param $n i32) (result i32)
      (if (result i32) (i32.gt_u (local.get $n) (i32.const 40)) (then (i32.const 1))
        (else (i32.add (call $f (i32.add (local.get $n) (i32.const 1))) (call $f (i32.add (local.get $n) (i32.const 1)))))))`,
  ],
  [
    'mutual recursion',
    `(func $even (param $n i32) (if (i32.lt_u (local.get $n) (i32.const 40))
      (then (call $odd (i32.add (local.get $n) (i32.const 1))) (call $odd (i32.add (local.get $n) (i32.const 1))))))
    (func $odd (param $n i32) (call $even (local.get $n)) (call $even (local.get $n)))
    (func (export "f") (call $even (i32.const 0)))`,
  ],
  ['tail calls in a circle', '(func $a (return_call $b)) (func $b (return_call $a)) (func (export "f") (call $a))'],
  ['a tail call of itself', '(func $a (export "f") (return_call $a))'],
  [
    'tail calls through a table',
    `(type $t (func)) (table 1 1 funcref) (elem (i32.const 0) $a)
    (func $a (return_call_indirect (type $t) (i32.const 0))) (func (export "f") (call $a))`,
  ],
  [
    'calls of next to nothing',
    '(func $leaf) (func (export "f") (loop $l (call $leaf) (call $leaf) (call $leaf) (br $l)))',
  ],
  [
    'filling memory',
    '(memory 16) (func (export "f") (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x100000)) (br $l)))',
  ],
  [
    'copying memory',
    '(memory 16) (func (export "f") (loop $l (memory.copy (i32.const 0) (i32.const 8) (i32.const 0xffff0)) (br $l)))',
  ],
  [
    'initialising memory',
    `(memory 1) (data $d "${'x'.repeat(60_000)}") (func (export "f") (loop $l (memory.init $d (i32.const 0) (i32.const 0) (i32.const 60000)) (br $l)))`,
  ],
  ['growing memory by nothing', '(memory 1) (func (export "f") (loop $l (drop (memory.grow (i32.const 0))) (br $l)))'],
  [
    'growing memory beyond its limit',
    '(memory 1) (func (export "f") (loop $l (drop (memory.grow (i32.const 5000))) (br $l)))',
  ],
  [
    'filling a table',
    '(table $t 5000 funcref) (func (export "f") (loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 5000)) (br $l)))',
  ],
  [
    'copying a table',
    '(table $t 5000 funcref) (func (export "f") (loop $l (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 4999)) (br $l)))',
  ],
  [
    'growing a table by nothing',
    '(table $t 1 funcref) (func (export "f") (loop $l (drop (table.grow $t (ref.null func) (i32.const 0))) (br $l)))',
  ],
  [
    'dividing',
    `(func (export "f") (local $x i64) (loop $l ${'(local.set $x (i64.div_s (i64.const 1234567) (i64.or (local.get $x) (i64.const 3))))'.repeat(45)} (br $l)))`,
  ],
  ['a long straight line', `(func (export "f") (local $x i64) (loop $l ${WORK.repeat(100_000 / 4)} (br $l)))`],
  [
    'a long straight line without a loop',
    `(func $g (local $x i64) ${WORK.repeat(5000)}) (func (export "f") (loop $l (call $g) (br $l)))`,
  ],
  // Each block does much, and jumps over the place where it would be charged were only straight lines counted.
  [
    'blocks that skip their ends',
    `(func (export "f") (local $x i64) (loop $l ${`(block ${WORK.repeat(60)} (br_if 0 (i32.const 1)) ${'(local.set $x (i64.const 1))'.repeat(100)})`.repeat(200)} (br $l)))`,
  ],
  [
    'arms of which one is cheap',
    `(func (export "f") (local $x i64) (loop $l ${`(if (i32.const 1) (then ${WORK.repeat(90)}) (else))`.repeat(200)} (br $l)))`,
  ],
  [
    'returns from the middle',
    `(func $g (local $x i64) ${WORK.repeat(95)} (br_if 0 (i32.const 1)) ${WORK.repeat(500)}) (func (export "f") (loop $l (call $g) (br $l)))`,
  ],
]

/** The same, with exceptions. */
const EXCEPTIONS: readonly (readonly [name: string, module: string])[] = [
  [
    'throwing and catching',
    '(tag $t) (func (export "f") (loop $l (block $b (try_table (catch_all $b) (throw $t))) (br $l)))',
  ],
  ['catching straight into the loop', '(tag $t) (func (export "f") (loop $l (try_table (catch_all $l) (throw $t))))'],
  [
    'catching a tag straight into the loop',
    '(tag $t) (func (export "f") (loop $l (try_table (catch $t $l) (throw $t))))',
  ],
  [
    'catching what a callee throws',
    '(tag $t) (func $g (throw $t)) (func (export "f") (loop $l (try_table (catch_all $l) (call $g))))',
  ],
  [
    'throwing again what was caught',
    `(tag $t) (func $g (block $b (result exnref) (try_table (catch_all_ref $b) (throw $t)) (unreachable)) (throw_ref))
    (func (export "f") (loop $l (try_table (catch_all $l) (call $g))))`,
  ],
  ['a loop inside of a try', '(func (export "f") (loop $o (try_table (catch_all $o) (loop $l (br $l)))))'],
  [
    'recursion inside of a try',
    `(func $f (export "f") (param $n i32)
      (block $b (try_table (catch_all $b)
        (if (i32.lt_u (local.get $n) (i32.const 40)) (then
          (call $f (i32.add (local.get $n) (i32.const 1)))
          (call $f (i32.add (local.get $n) (i32.const 1))))))))`,
  ],
]

const TRY = [0x06, 0x40]
const LOOP = [0x03, 0x40]
const THROW = [0x08, 0]
const CATCH_ALL = 0x19
const BR = 0x0c
const END = 0x0b

/** The same in the old form of exceptions, for which there is no text. A function's own last `end` is left out. */
const OLD_EXCEPTIONS: readonly (readonly [name: string, code: readonly number[]])[] = [
  ['a loop inside of a try', [...LOOP, ...TRY, ...LOOP, BR, 0, END, CATCH_ALL, BR, 1, END, END]],
  ['catching', [...LOOP, ...TRY, ...THROW, CATCH_ALL, END, BR, 0, END]],
  ['catching straight into the loop', [...LOOP, ...TRY, ...THROW, CATCH_ALL, BR, 1, END, END]],
  ['catching a tag', [...LOOP, ...TRY, ...THROW, 0x07, 0, END, BR, 0, END]],
  ['delegating', [...LOOP, ...TRY, ...TRY, ...THROW, 0x18, 0, CATCH_ALL, END, BR, 0, END]],
  ['rethrowing', [...LOOP, ...TRY, ...TRY, ...THROW, CATCH_ALL, 0x09, 0, END, CATCH_ALL, END, BR, 0, END]],
]

/** A module with one function, `f`, and one tag. */
function moduleOf(code: readonly number[]): Uint8Array {
  const body = [0, ...code, END]
  const sections: readonly (readonly number[])[] = [
    [1, 4, 1, 0x60, 0, 0],
    [3, 2, 1, 0],
    [13, 3, 1, 0, 0],
    [7, 5, 1, 1, 0x66, 0, 0],
    [10, body.length + 2, 1, body.length, ...body],
  ]
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()])
}

describe('code that tries to swallow its stop in the old form of exceptions is stopped', () => {
  test.each(OLD_EXCEPTIONS)('%s', (_, code) => {
    const core = meterBytes(moduleOf(code))
    expect(() => core.call('f', [], 5)).toThrow(WebAssembly.RuntimeError)
    expect(core.meter.isExpired).toBe(true)
  })
})

describe.each([
  ['code that never ends', ENDLESS],
  ['code that tries to swallow its stop', EXCEPTIONS],
])('%s is stopped', (_, cases) => {
  test.each(cases)('%s', async (name, module) => {
    const core = await meterWat(`(module ${module})`)
    const args = module.includes('(param $n i32)') && module.includes('$f (export "f")') ? [0] : []
    for (let n = 0; n < 2; n++) {
      expect(() => core.call('f', args, 5), name).toThrow(WebAssembly.RuntimeError)
      expect(core.meter.isExpired).toBe(true)
    }
  })
})

test('a start function is stopped as well', async () => {
  const endless = meterWat('(module (func $s (loop $l (br $l))) (start $s))', { startLimitMs: 5 })
  await expect(endless).rejects.toThrow(WebAssembly.RuntimeError)
})

test('a start function that ends has run before anything else', async () => {
  const core = await meterWat(
    '(module (global $g (mut i32) (i32.const 0)) (func $s (global.set $g (i32.const 7))) (start $s) (func (export "f") (result i32) (global.get $g)))',
  )
  expect(core.call('f')).toBe(7)
})

test('no guest can catch the end of the stack', async () => {
  const core = await meterWat(`(module
    (func $deep (result i32) (i32.add (i32.const 1) (call $deep)))
    (func (export "f") (result i32) (block $b (try_table (catch_all $b) (return (call $deep)))) (i32.const 42)))`)
  expect(() => core.call('f', [], 1000)).toThrow(RangeError)
})

test('no guest can catch the end of the stack where it calls the host', async () => {
  const core = await meterWat(
    `(module (import "h" "f" (func $host (param i32) (result i32)))
      (func $deep (param i32) (result i32)
        (block $b (try_table (catch_all $b) (drop (call $host (local.get 0)))
          (return (call $deep (i32.add (local.get 0) (i32.const 1))))))
        (i32.const 42))
      (func (export "f") (result i32) (call $deep (i32.const 0))))`,
    { imports: { h: { f: (n: number) => n } } },
  )
  expect(() => core.call('f', [], 1000)).toThrow(RangeError)
})

test('a call that has time goes on, however often it asks for more', async () => {
  const core = await meterWat(`(module (func (export "f") (result i32) (local $n i32)
    (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000000)))) (local.get $n)))`)
  expect(core.call('f', [], 60_000)).toBe(10_000_000)
})

test('time that is spent waiting does not count, nor what another call spent', async () => {
  const core = await meterWat(`(module (func (export "f") (param i32) (local $n i32)
    (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get 0))))))`)
  const func = core.instance.exports['f'] as WebAssembly.ExportedFunction
  core.meter.begin(400)
  for (let n = 0; n < 5; n++) {
    func(100_000)
    core.meter.pause()
    const endMs = performance.now() + 200
    // The thread is busy all the while, so that its CPU time goes on.
    while (performance.now() < endMs);
  }
  expect(core.meter.isExpired).toBe(false)
})

test('a stopped meter lets nothing run on', async () => {
  const core = await meterWat('(module (func (export "f") (loop $l (br $l))))')
  core.meter.begin(60_000)
  core.meter.stop()
  expect(() => (core.instance.exports['f'] as WebAssembly.ExportedFunction)()).toThrow(WebAssembly.RuntimeError)
})
