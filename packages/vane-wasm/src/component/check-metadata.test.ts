import fc from 'fast-check'
import { VaneError } from 'vane-core'
import { expect, test } from 'vitest'

import { parseMetadata } from './check-metadata.ts'

const CONTEXT = { file: '/p.wasm', handlerKinds: new Set(['l7-request'] as const) }
const EXPORT = {
  name: 'x',
  kind: 'l7-request',
  stateless: true,
  needsBody: false,
  inspects: [],
  needsStreamingBody: false,
}
const METADATA = { name: 'n', version: 'v', abiVersion: '0.1.0', exports: [EXPORT] }

test('what is as it should be comes back as plain data', () => {
  expect(parseMetadata({ ...METADATA, more: 1 }, CONTEXT)).toEqual(METADATA)
})

test.each<[unknown, string]>([
  [undefined, 'answered something that is not metadata'],
  [{ ...METADATA, name: 1 }, 'answered no name'],
  [{ ...METADATA, version: undefined }, 'answered no version'],
  [{ ...METADATA, abiVersion: null }, 'answered no abi-version'],
  [{ ...METADATA, name: 'n'.repeat(257) }, 'the name has 257 characters, more than the limit of 256'],
  [{ ...METADATA, exports: {} }, 'answered no list of exports'],
  [{ ...METADATA, exports: [7] }, 'an export that is not a record'],
  [{ ...METADATA, exports: [{}] }, 'an export without a name'],
  [{ ...METADATA, exports: [{ ...EXPORT, kind: 'l8' }] }, 'export "x": its kind is none of the contract'],
  [{ ...METADATA, exports: [{ ...EXPORT, stateless: 1 }] }, 'export "x": its flags are not booleans'],
  [{ ...METADATA, exports: [{ ...EXPORT, inspects: 'conn.id' }] }, 'export "x": its inspects is not a list'],
  [
    { ...METADATA, exports: [{ ...EXPORT, inspects: [1] }] },
    'export "x": its inspects holds something that is not text',
  ],
  [
    { ...METADATA, exports: [{ ...EXPORT, inspects: Array(101).fill('conn.id') }] },
    'inspects 101 paths, more than the limit of 100',
  ],
  [{ ...METADATA, exports: [{ ...EXPORT, name: 'y'.repeat(300) }] }, 'the name has 300 characters'],
])('%o', (value, reason) => {
  expect(() => parseMetadata(value, CONTEXT)).toThrow(reason)
})

test('a name cannot break out of the message', () => {
  const entry = { ...EXPORT, name: 'a"\n\u001b[2J\u0085\u2028', needsStreamingBody: true }
  expect(() => parseMetadata({ ...METADATA, exports: [entry] }, CONTEXT)).toThrow(
    '/p.wasm: export "a\\"\\n\\u001b[2J\\u0085\\u2028": needs-streaming-body',
  )
})

test('anything at all is taken or refused with a compile error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.array(fc.anything()).map((exports) => ({ ...METADATA, exports })),
      ),
      (value) => {
        try {
          parseMetadata(value, CONTEXT)
        } catch (error) {
          expect(error).toBeInstanceOf(VaneError)
          expect(error).toMatchObject({ kind: 'compile' })
        }
      },
    ),
  )
})
