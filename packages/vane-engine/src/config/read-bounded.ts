import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Diagnostic } from 'vane-core'
import { describeIoError, errorCode } from './io-error.ts'

/** A file that was read, or why it was not. */
export type BoundedRead =
  | { readonly text: string; readonly bytes: number }
  /** `isAbsent` tells a file that does not exist from one that cannot be read. */
  | { readonly problem: Diagnostic; readonly isAbsent: boolean }

/** What {@link readBounded} is asked for. */
export interface BoundedReadOptions {
  /** What diagnostics call the file. */
  readonly path: string
  readonly maxBytes: number
}

/** Reads a UTF-8 text file of bounded size, once. Whatever stands in its place (a pipe, a device, a loop) is a diagnostic. */
export async function readBounded(file: string, { path, maxBytes }: BoundedReadOptions): Promise<BoundedRead> {
  const refuse = (code: string, message: string, isAbsent = false): BoundedRead => {
    const span = { file: path, offset: 0, length: 0, line: 1, column: 1 }
    return { problem: { severity: 'error', code, message, span }, isAbsent }
  }
  try {
    // Without O_NONBLOCK, opening a named pipe waits for somebody to write.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await handle.stat()
    if (!stat.isFile()) return refuse('unreadable-file', `${path} is not a regular file`)
    if (stat.size > maxBytes) return refuse('file-too-large', `${path} exceeds ${maxBytes} bytes`)
    // One byte more than was promised, so that a file that grows while it is read does not pass for whole.
    const buffer = Buffer.alloc(stat.size + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) break
      length += bytesRead
      if (length === buffer.length) return refuse('unreadable-file', `${path} changed while it was read`)
    }
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer.subarray(0, length))
    return { text, bytes: length }
  } catch (cause) {
    if (errorCode(cause) === 'ERR_ENCODING_INVALID_ENCODED_DATA') return refuse('invalid-utf8', `${path} is not UTF-8`)
    const isAbsent = errorCode(cause) === 'ENOENT' || errorCode(cause) === 'ENOTDIR'
    return refuse('unreadable-file', `cannot read ${path}: ${describeIoError(cause)}`, isAbsent)
  }
}
