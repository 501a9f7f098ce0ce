/** An unsigned number of 1, 2 or 4 bytes, as discriminants and flags are kept. */
export interface Discriminant {
  readonly size: number
  readonly load: (view: DataView, at: number) => number
  readonly store: (view: DataView, at: number, value: number) => void
}

const BYTE: Discriminant = {
  size: 1,
  load: (view, at) => view.getUint8(at),
  store: (view, at, value) => view.setUint8(at, value),
}
const SHORT: Discriminant = {
  size: 2,
  load: (view, at) => view.getUint16(at, true),
  store: (view, at, value) => view.setUint16(at, value, true),
}
const WORD: Discriminant = {
  size: 4,
  load: (view, at) => view.getUint32(at, true),
  store: (view, at, value) => view.setUint32(at, value, true),
}

/** The smallest that tells so many cases apart. */
export function discriminantOf(cases: number): Discriminant {
  if (cases <= 0x100) return BYTE
  return cases <= 0x1_0000 ? SHORT : WORD
}

/** The smallest that holds so many flags. */
export function bitsOf(flags: number): Discriminant {
  if (flags <= 8) return BYTE
  return flags <= 16 ? SHORT : WORD
}
