import fc from 'fast-check'
import { rawWatPlugin, watPlugin } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { BinaryFormatError } from './binary-reader.ts'
import { hasPlainCanonicalFunctions } from './canonical-functions.ts'
import { parseComponentShape } from './component-shape.ts'

const PLUGIN = watPlugin({
  metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
  handlers: {
    'l7-request': [{ do: 'log', message: 'x' }, { do: 'http-fetch', url: 'http://a/' }, { answer: 'continue' }],
  },
})

test("a plugin's imports, down to the functions, and its exports", async () => {
  expect(parseComponentShape(await PLUGIN)).toMatchObject({
    imports: [
      { name: 'vane:host/host@0.1.0', sort: 'instance', functions: ['log', 'http-fetch'] },
      { name: 'vane:plugin/types@0.1.0', sort: 'instance', functions: [] },
    ],
    exportedInstances: ['vane:plugin/registry@0.1.0', 'vane:plugin/handler-l7-request@0.1.0'],
  })
})

test('every sort of import', async () => {
  const bytes = await rawWatPlugin({
    wat: `(component
      (import "f" (func (param "a" (list u8)) (result (option string))))
      (import "t" (type (sub resource)))
      (type $r (record (field "a" u32) (field "b" (tuple bool char))))
      (import "r" (type (eq $r)))
      (import "c" (component (import "x" (func)) (export "y" (func))))
      (import "m" (core module (import "a" "b" (func))))
      (type $inner (instance (export "g" (func)) (type $v (variant (case "a") (case "b" u8))) (export "v" (type (eq $v)))
        (type $e (enum "a" "b")) (type $fl (flags "x" "y")) (type $res (result u8 (error string)))))
      (import "ns:pkg/i" (instance (type $inner))))`,
  })
  expect(parseComponentShape(bytes).imports).toEqual([
    { name: 'f', sort: 'function', functions: [], isResource: false },
    { name: 't', sort: 'type', functions: [], isResource: true },
    { name: 'r', sort: 'type', functions: [], isResource: false },
    { name: 'c', sort: 'component', functions: [], isResource: false },
    { name: 'm', sort: 'core-module', functions: [], isResource: false },
    { name: 'ns:pkg/i', sort: 'instance', functions: ['g'], isResource: false },
  ])
})

describe('bytes that nobody vouches for', () => {
  test('a damaged component is read or refused, and nothing else', async () => {
    const whole = await PLUGIN
    const change = fc.record({
      at: fc.nat(whole.length - 9),
      value: fc.nat(255),
      length: fc.integer({ min: 8, max: whole.length }),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = whole.slice(0, changes[0]?.length)
        for (const { at, value } of changes) bytes[8 + at] = value
        for (const read of [parseComponentShape, hasPlainCanonicalFunctions]) {
          try {
            read(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(BinaryFormatError)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('types nested without end are refused', () => {
    // Each is a component type with one declaration: a type.
    const types = Buffer.concat([Buffer.of(1), Buffer.alloc(600_000, Uint8Array.of(0x41, 0x01, 0x01))])
    const length = Buffer.of((types.length & 0x7f) | 0x80, ((types.length >> 7) & 0x7f) | 0x80, types.length >> 14)
    const bytes = Buffer.concat([Buffer.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 7), length, types])
    expect(() => parseComponentShape(bytes)).toThrow(new BinaryFormatError('types are nested too deep'))
  })
})
