import type { BigIntStats } from 'node:fs'

/** As much of an open file as {@link readWhole} needs. */
export interface ReadableFile {
  stat(options: { readonly bigint: true }): Promise<Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'isFile'>>
  read(buffer: Buffer, offset: number, length: number): Promise<{ readonly bytesRead: number }>
}

/** The bytes of a file, or why there are none. */
export type WholeRead = { readonly bytes: Buffer } | { readonly refused: 'no-file' | 'too-large' | 'changed' }

/**
 * Reads a file from its beginning to its end, once. A file that grows, shrinks or is written to in the meantime does not pass
 * for whole: half of an old text and half of a new one may well be a text.
 */
export async function readWhole(file: ReadableFile, maxBytes: number): Promise<WholeRead> {
  const before = await file.stat({ bigint: true })
  if (!before.isFile()) return { refused: 'no-file' }
  if (before.size > maxBytes) return { refused: 'too-large' }
  // One byte more than was promised, so that growth is seen.
  const buffer = Buffer.alloc(Number(before.size) + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length)
    if (bytesRead === 0) break
    length += bytesRead
    if (length === buffer.length) return { refused: 'changed' }
  }
  const after = await file.stat({ bigint: true })
  const isSame =
    BigInt(length) === after.size &&
    after.size === before.size &&
    after.mtimeNs === before.mtimeNs &&
    after.ctimeNs === before.ctimeNs
  return isSame ? { bytes: buffer.subarray(0, length) } : { refused: 'changed' }
}
