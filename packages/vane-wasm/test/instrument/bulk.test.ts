import fc from 'fast-check'
import { expect, test } from 'vitest'

import { METER_EXPORTS } from '../../src/instrument/meter-names.ts'
import { fuelOf, meterWat, type MeteredCore } from '../_core.ts'

const PAGES = 6
const SIZE = PAGES * 65_536

const WAT = `(module (memory (export "memory") ${PAGES})
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "leave") (unreachable) (memory.fill) (memory.copy)))`

function bytesOf({ instance }: MeteredCore): Uint8Array {
  return new Uint8Array((instance.exports['memory'] as WebAssembly.Memory).buffer)
}

/** Near the ends of the memory and of the pieces that are filled or copied at once, or anywhere. */
const number = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 65_536, 131_072, SIZE - 65_536, SIZE), fc.integer({ min: -3, max: 3 }))
    .map(([near, by]) => Math.max(near + by, 0)),
  fc.nat(SIZE),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_ffff),
)

test('filling and copying in pieces is filling and copying', async () => {
  const core = await meterWat(WAT)
  const expected = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >>> 8) * 13) & 255)
  bytesOf(core).set(expected)
  fc.assert(
    fc.property(fc.constantFrom('fill', 'copy'), number, number, number, (what, to, other, length) => {
      const isInside = to + length <= SIZE && (what === 'fill' || other + length <= SIZE)
      const call = (): unknown => core.call(what, [to, other, length], 20_000)
      if (isInside) {
        call()
        if (what === 'fill') expected.fill(other & 255, to, to + length)
        else expected.copyWithin(to, other, other + length)
      } else {
        expect(call).toThrow(WebAssembly.RuntimeError)
      }
      expect(Buffer.compare(bytesOf(core), expected)).toBe(0)
    }),
    { numRuns: 600 },
  )
})

test('each piece is charged for before it is done', async () => {
  const core = await meterWat(WAT)
  const most = fuelOf(core, 'fill', [0, 1, SIZE])
  expect(most).toBeGreaterThan(SIZE / 8)
  expect(fuelOf(core, 'copy', [0, 65_536, SIZE - 65_536])).toBeGreaterThan((SIZE - 65_536) / 8)
  // Out of time, it has done the three pieces that there was fuel for.
  bytesOf(core).fill(0)
  core.meter.begin(60_000)
  core.meter.stop()
  ;(core.instance.exports[METER_EXPORTS.fuel] as WebAssembly.Global).value = 30_000
  const fill = core.instance.exports['fill'] as WebAssembly.ExportedFunction
  expect(() => fill(0, 1, SIZE)).toThrow(WebAssembly.RuntimeError)
  expect(bytesOf(core).indexOf(0)).toBe(3 * 65_536)
})

test('code that is never reached stays valid', async () => {
  const core = await meterWat(WAT)
  expect(() => core.call('leave')).toThrow(WebAssembly.RuntimeError)
})
