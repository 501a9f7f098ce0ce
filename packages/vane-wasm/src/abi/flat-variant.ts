import type { FlatType, FlatValue } from './codec.ts'

/** The types that flat values have, and those that they ought to have. */
export interface FlatChange {
  readonly have: readonly FlatType[]
  readonly want: readonly FlatType[]
}

/** The flat types that can hold the payload of whichever case (Canonical ABI, `flatten_variant`). */
export function joinFlat(cases: readonly (readonly FlatType[])[]): FlatType[] {
  const joined: FlatType[] = []
  for (const flat of cases) {
    flat.forEach((type, i) => {
      const other = joined[i]
      joined[i] = other === undefined || other === type ? type : isNarrow(other) && isNarrow(type) ? 'i32' : 'i64'
    })
  }
  return joined
}

function isNarrow(type: FlatType): boolean {
  return type === 'i32' || type === 'f32'
}

/** Takes the values of one case out of those that hold whichever case. */
export function narrow(args: readonly FlatValue[], at: number, { have, want }: FlatChange): FlatValue[] {
  return want.map((type, i) => {
    const value = args[at + i]!
    return have[i] === type ? value : reinterpret(value, have[i]!, type)
  })
}

/** Makes the values of one case, the last in `out` from `start` on, into those that hold whichever case. */
export function widen(out: FlatValue[], start: number, { have, want }: FlatChange): void {
  want.forEach((type, i) => {
    const from = have[i]
    if (from === undefined) out[start + i] = type === 'i64' ? 0n : 0
    else if (from !== type) out[start + i] = reinterpret(out[start + i]!, from, type)
  })
}

/** The same bits as another type, filled up with zeros or cut off. */
function reinterpret(value: FlatValue, from: FlatType, to: FlatType): FlatValue {
  const bits = new DataView(new ArrayBuffer(8))
  if (from === 'i64') bits.setBigInt64(0, value as bigint, true)
  else if (from === 'i32') bits.setInt32(0, value as number, true)
  else if (from === 'f32') bits.setFloat32(0, value as number, true)
  else bits.setFloat64(0, value as number, true)
  if (to === 'i64') return bits.getBigInt64(0, true)
  if (to === 'i32') return bits.getInt32(0, true)
  return to === 'f32' ? bits.getFloat32(0, true) : bits.getFloat64(0, true)
}
