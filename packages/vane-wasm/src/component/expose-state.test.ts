import { parseWat } from 'vane-plugin-sdk/build'
import { describe, expect, test } from 'vitest'

import { listCoreSections } from './core-module.ts'
import { hasOnlyPlainState } from './core-state.ts'
import { exposeState } from './expose-state.ts'

async function isPlain(wat: string): Promise<boolean> {
  const bytes = await parseWat(wat)
  return hasOnlyPlainState(bytes, listCoreSections(bytes))
}

function namesOf(bytes: Uint8Array): string[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name, kind }) => `${kind} ${name}`)
}

describe('exposeState', () => {
  test.each([
    ['(module)', []],
    ['(module (global (mut i32) (i32.const 0)))', ['global vane:state/global/0']],
    [
      `(module (import "a" "g" (global i64)) (import "a" "m" (memory 1 2)) (import "a" "t" (table 1 (ref null func))) (import "a" "f" (func)) (import "a" "e" (tag))
        (memory 1) (table 1 funcref) (tag) (global f32 (f32.const 0)) (export "own" (memory 1)) (start 0) (data (i32.const 0) "x"))`,
      [
        'memory own',
        'table vane:state/table/0',
        'table vane:state/table/1',
        'memory vane:state/memory/0',
        'memory vane:state/memory/1',
        'global vane:state/global/0',
        'global vane:state/global/1',
      ],
    ],
    [
      '(module (memory i64 1 0x2_0000) (func $f) (table 1 funcref) (elem (i32.const 0) $f) (data "x"))',
      ['table vane:state/table/0', 'memory vane:state/memory/0'],
    ],
  ])('%s', async (wat, names) => {
    expect(namesOf(exposeState(await parseWat(wat)))).toEqual(names)
  })

  test('hundreds of them, so that numbers take more than one byte', async () => {
    const globals = Array.from({ length: 300 }, () => '(global i32 (i32.const 0))').join('')
    expect(namesOf(exposeState(await parseWat(`(module ${globals})`)))).toHaveLength(300)
  })
})

test.each<[string, boolean]>([
  ['(module)', true],
  [
    '(module (type (func (param i32 funcref (ref null extern)) (result f64))) (memory 1) (data (i32.const 0) "x"))',
    true,
  ],
  // A segment that no instruction uses is as good as none.
  ['(module (memory 1) (data "x"))', true],
  ['(module (memory 1) (data $d "x") (func (data.drop $d)))', false],
  ['(module (memory 1) (data $d "x") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))))', false],
  ['(module (table 1 funcref) (func $f) (elem (i32.const 0) $f))', true],
  ['(module (table $t 1 funcref) (table $u 2 funcref) (func $f) (elem (table $u) (i32.const 1) func $f))', true],
  [
    '(module (global $g i32 (i32.const 0)) (table 3 funcref) (func $f) (elem (offset (i32.add (i32.const 1) (i32.const 1))) funcref (ref.func $f)))',
    true,
  ],
  ['(module (table 1 funcref) (func $f) (elem declare func $f))', true],
  ['(module (table 1 funcref) (func $f) (elem declare funcref (ref.func $f) (ref.null func)))', true],
  ['(module (func $f) (elem func $f))', false],
  ['(module (func $f) (elem funcref (ref.func $f)))', false],
  ['(module (type (struct (field (mut i32)))))', false],
  ['(module (type (array (mut i8))))', false],
  ['(module (rec (type (func)) (type (func))))', false],
])('state of %s is plain: %o', async (wat, expected) => {
  expect(await isPlain(wat)).toBe(expected)
})
