import { rawWatPlugin } from 'vane-fixtures'
import { expect, test } from 'vitest'

import { hasPlainCanonicalFunctions } from './canonical-functions.ts'

const MODULE = '(core module $m (func (export "f")) (memory (export "memory") 1)) (core instance $i (instantiate $m))'

test.each<[string, string, boolean]>([
  ['lifting', `${MODULE} (func $f (canon lift (core func $i "f")))`, true],
  [
    'resources',
    '(type $r (resource (rep i32))) (core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r)) (core func $rep (canon resource.rep $r))',
    true,
  ],
  ['a stored context', '(core func $set (canon context.set i32 0))', false],
  ['a waitable set', '(core func $set (canon waitable-set.new))', false],
  ['asynchronous lifting', `${MODULE} (func $f async (canon lift (core func $i "f") async))`, false],
  ['the same in a component within', `(component ${MODULE} (core func $set (canon context.set i32 0)))`, false],
])('%s', async (_, body, isPlain) => {
  expect(hasPlainCanonicalFunctions(await rawWatPlugin({ wat: `(component ${body})` }))).toBe(isPlain)
})
