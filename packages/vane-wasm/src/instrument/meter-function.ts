import type { ByteReader } from '../binary/byte-reader.ts'
import type { ByteWriter } from '../binary/byte-writer.ts'
import { BodyMeter, type MeterIndices } from './body-meter.ts'
import { writeCharge, writeFirstCharge, type FirstCharge } from './charge-code.ts'
import { FREE_LEAF_COST, LOCALS_SHIFT } from './costs.ts'
import { skipValueType } from './instructions.ts'
import { SpareLocals } from './spare-locals.ts'

/**
 * Rewrites one function so that whatever path runs through it is charged for, in advance or at most
 * {@link STRETCH_COST} late.
 *
 * It carries the highest uncharged cost with which each point can be reached: joins take the maximum of their paths, a
 * branch back to a loop charges what its iteration cost, a straight stretch charges when it has run up enough, and what
 * can remain at an exit is charged at the function's entry.
 *
 * @param reader at the function's local declarations; is left at its end.
 * @param out receives the new function, without its size.
 */
export function meterFunction(
  reader: ByteReader,
  {
    paramCount,
    meter,
    firstCharge,
  }: {
    readonly paramCount: number
    readonly meter: MeterIndices
    /** For having been compiled. */
    readonly firstCharge: FirstCharge | undefined
  },
  out: ByteWriter,
): void {
  const localsStart = reader.at
  const groupCount = reader.u32()
  const groupsStart = reader.at
  let localCount = paramCount
  for (let i = 0; i < groupCount; i++) {
    localCount += reader.u32()
    skipValueType(reader)
  }
  const groups = reader.bytes.subarray(groupsStart, reader.at)
  const locals = new SpareLocals(localCount)
  const body = new BodyMeter(reader, locals, meter)
  body.run()

  const entryCost = body.exitCost + ((localCount - paramCount) >>> LOCALS_SHIFT)
  const chargesEntry = body.hasCalls || body.hasLoops || entryCost > FREE_LEAF_COST
  const entryTemp = chargesEntry || firstCharge !== undefined ? locals.first : 0
  if (locals.count === 0) {
    out.write(reader.bytes.subarray(localsStart, reader.end))
    return
  }
  out.u32(groupCount + locals.count)
  out.write(groups)
  locals.write(out)
  if (firstCharge !== undefined) writeFirstCharge(out, firstCharge, entryTemp, meter)
  if (chargesEntry) writeCharge(out, entryCost + 2, entryTemp, meter)
  out.write(body.code.view())
}
