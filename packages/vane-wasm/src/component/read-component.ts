import { open, realpath, stat } from 'node:fs/promises'

import { loadError } from './load-error.ts'
import { readAndDigest, type DigestedBytes } from './read-and-digest.ts'

/** A component's file as it was read. */
export interface ComponentFile extends DigestedBytes {
  /** Canonical absolute path. */
  readonly path: string
  /** Changes when the file does: size, inode and modification time. */
  readonly stamp: string
}

/** Largest component that is read where the caller sets no limit: 64 MiB. The largest toolchain makes 12 MB. */
export const DEFAULT_MAX_COMPONENT_BYTES: number = 64 * 1024 * 1024

/**
 * Canonical path of a file and the stamp of what it holds at this moment.
 *
 * @throws VaneError of kind `compile` if there is no such file.
 */
export async function statComponent(path: string): Promise<Omit<ComponentFile, keyof DigestedBytes>> {
  try {
    const canonical = await realpath(path)
    return { path: canonical, stamp: toStamp(await stat(canonical, { bigint: true })) }
  } catch (error) {
    throw loadError(path, toReason(error), { cause: error })
  }
}

/**
 * Reads a component.
 *
 * @throws VaneError of kind `compile` if it is no regular file, cannot be read, or is larger than `maxBytes`.
 */
export async function readComponent(path: string, maxBytes: number): Promise<ComponentFile> {
  let read: ComponentFile | string
  try {
    read = await readBounded(path, maxBytes)
  } catch (error) {
    throw loadError(path, toReason(error), { cause: error })
  }
  if (typeof read === 'string') throw loadError(path, read)
  return read
}

async function readBounded(path: string, maxBytes: number): Promise<ComponentFile | string> {
  const canonical = await realpath(path)
  // Opening a fifo would wait for a writer, reading a device might never end.
  if (!(await stat(canonical)).isFile()) return 'not a regular file'
  await using file = await open(canonical, 'r')
  const opened = await file.stat({ bigint: true })
  if (opened.size > BigInt(maxBytes)) return `${opened.size} bytes, more than the limit of ${maxBytes}`
  return { path: canonical, stamp: toStamp(opened), ...(await readAndDigest(file, 0, Number(opened.size))) }
}

function toStamp(stat: { size: bigint; ino: bigint; mtimeNs: bigint }): string {
  return `${stat.size}:${stat.ino}:${stat.mtimeNs}`
}

function toReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  if (code === 'ENOENT') return 'no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission to read the file is denied'
  if (code === 'EISDIR') return 'not a regular file'
  return `the file cannot be read (${code})`
}
