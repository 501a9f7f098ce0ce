import { constants, lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import { SourceText } from '../diagnostics/source-text.ts'
import { VaneError } from '../errors/vane-error.ts'
import { MAX_POLICY_BYTES } from './parse-policies.ts'

/**
 * Reads `policy.json` in a folder. The one place where this package touches a file.
 *
 * @returns the path and the text, the latter `undefined` where there is no such file.
 * @throws VaneError of kind `compile` that names the file, if it is there but cannot be read, is no file, is larger than
 *   1 MiB, or is not UTF-8.
 */
export async function readPolicyFile(dir: string): Promise<{ path: string; text: string | undefined }> {
  const path = join(dir, 'policy.json')
  let bytes: Buffer | undefined
  try {
    bytes = await readBounded(path)
  } catch (cause) {
    if (cause instanceof VaneError) throw cause
    if (isMissing(cause) && !(await isLink(path))) return { path, text: undefined }
    throw new VaneError({ kind: 'compile' }, `${path}: cannot be read: ${toReason(cause)}`, { cause })
  }
  return { path, text: decodeUtf8(bytes, path) }
}

async function readBounded(path: string): Promise<Buffer> {
  // Without O_NONBLOCK, opening a named pipe in the file's place would wait for ever.
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  if (!(await handle.stat()).isFile()) throw new VaneError({ kind: 'compile' }, `${path}: is not a regular file`)
  // One byte more than allowed, counted as it is read: the size a file states may be out of date, or 0 as in /proc.
  const buffer = Buffer.allocUnsafe(MAX_POLICY_BYTES + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
  }
  throw new VaneError({ kind: 'compile' }, `${path}: larger than ${MAX_POLICY_BYTES} bytes`)
}

function decodeUtf8(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    // What was replaced is the first difference between the bytes and what they decode to.
    const lenient = bytes.toString('utf8')
    const again = Buffer.from(lenient)
    const offset = bytes.findIndex((byte, index) => byte !== again[index])
    const before = bytes.toString('utf8', 0, offset === -1 ? bytes.length : offset)
    const { line, column } = new SourceText({ path, text: before }).span(before.length, 0)
    throw new VaneError({ kind: 'compile' }, `${path}:${line}:${column}: not UTF-8`, { cause })
  }
}

/** A link to a missing file is a mistake somebody made, not a policy nobody wrote. */
async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  )
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
