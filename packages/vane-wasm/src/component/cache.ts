import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'

import { SILENT_LOGGER, type Logger } from 'vane-core'

import { toDigest } from './cache-key.ts'
import type { PreparedComponent } from './prepare.ts'
import { readAndDigest } from './read-and-digest.ts'

const FILE = 'prepared.bin'
const DIGEST_LENGTH = 64

/**
 * Keeps what taking components apart yielded, in `<stateDir>/wasm/<key>/`. An entry is written under a name of its own and
 * renamed, so several processes may share the folder; one that is damaged or foreign counts as absent; failing to write one
 * is a warning.
 *
 * The folder belongs to whoever runs the daemon: what is read from it runs without the checks it once went through.
 */
export class ComponentCache {
  readonly #dir: string | undefined
  readonly #logger: Logger

  /** @param stateDir without one, nothing is kept. */
  constructor(stateDir: string | undefined, logger: Logger = SILENT_LOGGER) {
    this.#dir = stateDir === undefined ? undefined : join(stateDir, 'wasm')
    this.#logger = logger
  }

  async read(key: string): Promise<PreparedComponent | undefined> {
    if (this.#dir === undefined) return undefined
    const entryDir = join(this.#dir, key)
    try {
      return await readEntry(entryDir, key)
    } catch (error) {
      if (!isNotFound(error))
        this.#logger.warn({ entry: entryDir, err: error }, 'plugin cache entry is damaged and is rebuilt')
      return undefined
    }
  }

  async write(key: string, prepared: PreparedComponent): Promise<void> {
    if (this.#dir === undefined) return
    const entryDir = join(this.#dir, key)
    const temporaryDir = join(this.#dir, `${key}.${randomUUID()}.tmp`)
    try {
      await mkdir(temporaryDir, { recursive: true, mode: 0o700 })
      await writeEntry(temporaryDir, { key, prepared })
      await replaceDir(temporaryDir, entryDir)
    } catch (error) {
      this.#logger.warn({ entry: entryDir, err: error }, 'plugin cache entry cannot be written')
      await rm(temporaryDir, { recursive: true, force: true }).catch(() => {})
    }
  }
}

interface Entry {
  /** What the entry is called: one that was copied or renamed is not taken for another. */
  readonly key: string
  readonly prepared: PreparedComponent
}

/** An entry is one file: the digest of what follows, and that. */
async function readEntry(dir: string, key: string): Promise<PreparedComponent> {
  await using file = await open(join(dir, FILE), 'r')
  const { size } = await file.stat()
  const written = await file.read(Buffer.alloc(DIGEST_LENGTH), 0, DIGEST_LENGTH, 0)
  const { bytes, digest } = await readAndDigest(file, DIGEST_LENGTH, Math.max(size - DIGEST_LENGTH, 0))
  if (written.buffer.toString('latin1') !== digest) throw new Error(`${FILE} is not what was written`)
  const entry = deserialize(bytes) as Entry
  if (entry.key !== key) throw new Error(`${FILE} is of another entry`)
  return entry.prepared
}

async function writeEntry(dir: string, entry: Entry): Promise<void> {
  const payload = serialize(entry)
  await writeFile(join(dir, FILE), [Buffer.from(await toDigest(payload)), payload], { mode: 0o600 })
}

async function replaceDir(from: string, to: string): Promise<void> {
  if (await tryRename(from, to)) return
  // A folder is in the way: a damaged entry, or one that another process has written meanwhile.
  const aside = `${from}.old`
  await tryRename(to, aside)
  // Whoever was faster wrote the same.
  if (!(await tryRename(from, to))) await rm(from, { recursive: true, force: true })
  await rm(aside, { recursive: true, force: true })
}

/** Answers false where the target is taken or the source has gone. */
async function tryRename(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) return false
    throw error
  }
}

function isNotFound(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENOTDIR')
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
