import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

/** What a file holds, and its SHA-256 in lower hex. */
export interface DigestedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly digest: string
}

/** Digesting so much takes half a millisecond of this thread's time, or two where the processor has no instructions for it. */
const CHUNK_BYTES = 524_288

/**
 * Reads up to `length` bytes of a file, and digests what is there while more is read: giving all of a large component to another thread
 * to be digested would copy it first, which takes as long.
 *
 * @param start where to begin.
 */
export async function readAndDigest(file: FileHandle, start: number, length: number): Promise<DigestedBytes> {
  const bytes = new Uint8Array(length)
  const hash = createHash('sha256')
  const readFrom = (at: number): Promise<{ bytesRead: number }> =>
    file.read(bytes, at, Math.min(CHUNK_BYTES, length - at), start + at)
  let at = 0
  let reading = length > 0 ? readFrom(0) : undefined
  while (reading !== undefined) {
    const { bytesRead } = await reading
    const chunk = bytes.subarray(at, at + bytesRead)
    at += bytesRead
    reading = bytesRead > 0 && at < length ? readFrom(at) : undefined
    hash.update(chunk)
  }
  return { bytes: bytes.subarray(0, at), digest: hash.digest('hex') }
}
