import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, type Json } from 'vane-core'

test('keys are sorted at every depth, lists keep their order', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }, 'x'], a: true })).toBe('{"a":true,"b":[{"c":null,"d":1},"x"]}')
})

test('equal values have equal text whatever their key order, different values have not', () => {
  const shuffle = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(shuffle)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, item]) => [key, shuffle(item)]),
    )
  }
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
  fc.assert(
    fc.property(json, (value) => {
      expect(canonicalJson(shuffle(value))).toBe(canonicalJson(value))
      expect(JSON.parse(canonicalJson(value))).toEqual(value)
    }),
  )
})
