import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { SourceText, type Diagnostic, type DiagnosticCode } from 'vane-core'
import { describeIoError, errorCode } from './io-error.ts'
import { readWhole } from './read-whole.ts'

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

// An editor that saves is done by then; a file that is written to all the time is not a configuration.
const MAX_READS = 3

/** Reads a UTF-8 text file of bounded size. Whatever stands in its place (a pipe, a device, a loop) is a diagnostic. */
export async function readBounded(file: string, { path, maxBytes }: BoundedReadOptions): Promise<BoundedRead> {
  const refuse = (code: DiagnosticCode, message: string, isAbsent = false): BoundedRead => {
    const span = { file: path, offset: 0, length: 0, line: 1, column: 1 }
    return { problem: { severity: 'error', code, message, span }, isAbsent }
  }
  try {
    for (let attempt = 1; attempt <= MAX_READS; attempt++) {
      // Without O_NONBLOCK, opening a named pipe waits for somebody to write.
      await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
      const read = await readWhole(handle, maxBytes)
      if ('bytes' in read) return decode(read.bytes, path)
      if (read.refused === 'no-file') return refuse('unreadable-file', `${path} is not a regular file`)
      if (read.refused === 'too-large') return refuse('file-too-large', `${path} exceeds ${maxBytes} bytes`)
    }
    return refuse('changed-while-read', `${path} changed while it was read, ${MAX_READS} times in a row`)
  } catch (cause) {
    const isAbsent = errorCode(cause) === 'ENOENT' || errorCode(cause) === 'ENOTDIR'
    return refuse('unreadable-file', `cannot read ${path}: ${describeIoError(cause)}`, isAbsent)
  }
}

function decode(bytes: Buffer, path: string): BoundedRead {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { text, bytes: bytes.length }
  } catch (cause) {
    if (errorCode(cause) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw cause
    // What was replaced is the first difference between the bytes and what they decode to.
    const again = Buffer.from(bytes.toString('utf8'))
    const offset = bytes.findIndex((byte, index) => byte !== again[index])
    const before = bytes.toString('utf8', 0, offset === -1 ? bytes.length : offset)
    const span = new SourceText({ path, text: before }).span(before.length, 0)
    const suggestion = 'save it as UTF-8'
    return {
      problem: { severity: 'error', code: 'invalid-utf8', message: `${path} is not UTF-8`, span, suggestion },
      isAbsent: false,
    }
  }
}
