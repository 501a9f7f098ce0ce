import type { Codec } from './codec.ts'

/** Where the parts of a value lie in memory. */
export interface Layout {
  readonly offsets: readonly number[]
  readonly size: number
  readonly align: number
}

/** Rounds up to a multiple of a power of two. */
export function alignTo(offset: number, align: number): number {
  return (offset + align - 1) & ~(align - 1)
}

/** Lays parts out one behind the other, each where its alignment allows. */
export function layOut(codecs: readonly Codec[]): Layout {
  let size = 0
  let align = 1
  const offsets = codecs.map((codec) => {
    const offset = alignTo(size, codec.align)
    align = Math.max(align, codec.align)
    size = offset + codec.size
    return offset
  })
  return { offsets, size: alignTo(size, align), align }
}

/** Where the parts begin among flat values. */
export function flatStarts(codecs: readonly Codec[]): number[] {
  let at = 0
  return codecs.map((codec) => {
    const start = at
    at += codec.flat.length
    return start
  })
}

/** Number of flat values of all parts. */
export function flatCount(codecs: readonly Codec[]): number {
  return codecs.reduce((count, codec) => count + codec.flat.length, 0)
}
