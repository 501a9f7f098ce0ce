import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { SILENT_LOGGER, type Logger } from 'vane-core'

/** Content of a cache entry. */
export interface CacheEntry {
  readonly glueScript: string
  readonly coreModules: readonly (readonly [name: string, bytes: Uint8Array])[]
  readonly canReset: boolean
}

interface Manifest {
  readonly key: string
  readonly canReset: boolean
  /** SHA-256 of each file; the entry consists of exactly these. */
  readonly files: Readonly<Record<string, string>>
}

const MANIFEST = 'manifest.json'
const GLUE = 'glue.js'
const CORE_MODULE = /^[a-z][a-z0-9]*\.core\d*\.wasm$/

/**
 * Keeps what transpiling yielded in `<stateDir>/wasm/<key>/`. An entry is written under a name of its own and renamed, so several
 * processes may share the folder; one that is damaged or foreign counts as absent; failing to write one is a warning.
 *
 * The folder belongs to whoever runs the daemon: its content is executed.
 */
export class ComponentCache {
  readonly #dir: string | undefined
  readonly #logger: Logger

  /** @param stateDir without one, nothing is kept. */
  constructor(stateDir: string | undefined, logger: Logger = SILENT_LOGGER) {
    this.#dir = stateDir === undefined ? undefined : join(stateDir, 'wasm')
    this.#logger = logger
  }

  async read(key: string): Promise<CacheEntry | undefined> {
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

  async write(key: string, entry: CacheEntry): Promise<void> {
    if (this.#dir === undefined) return
    const entryDir = join(this.#dir, key)
    const temporaryDir = join(this.#dir, `${key}.${randomUUID()}.tmp`)
    try {
      await mkdir(temporaryDir, { recursive: true, mode: 0o700 })
      await writeEntry(temporaryDir, key, entry)
      await replaceDir(temporaryDir, entryDir)
    } catch (error) {
      this.#logger.warn({ entry: entryDir, err: error }, 'plugin cache entry cannot be written')
      await rm(temporaryDir, { recursive: true, force: true }).catch(() => {})
    }
  }
}

async function readEntry(dir: string, key: string): Promise<CacheEntry> {
  const manifest = parseManifest(await readFile(join(dir, MANIFEST), 'utf8'))
  if (manifest.key !== key) throw new Error('manifest of another entry')
  const coreModules: [string, Uint8Array][] = []
  let glueScript: string | undefined
  for (const [name, digest] of Object.entries(manifest.files)) {
    // Names come from a file: they must not lead out of the folder.
    if (name !== GLUE && !CORE_MODULE.test(name)) throw new Error(`unexpected file ${JSON.stringify(name)}`)
    const bytes = await readFile(join(dir, name)).catch((error: unknown) => {
      throw new Error(`${name} cannot be read`, { cause: error })
    })
    if (toDigest(bytes) !== digest) throw new Error(`${name} is not what was written`)
    if (name === GLUE) glueScript = bytes.toString('utf8')
    else coreModules.push([name, bytes])
  }
  if (glueScript === undefined) throw new Error(`${GLUE} is missing`)
  return { glueScript, coreModules, canReset: manifest.canReset }
}

async function writeEntry(dir: string, key: string, entry: CacheEntry): Promise<void> {
  const files: Record<string, string> = {}
  for (const [name, content] of [[GLUE, Buffer.from(entry.glueScript)] as const, ...entry.coreModules]) {
    if (name !== GLUE && !CORE_MODULE.test(name)) throw new Error(`unexpected file ${JSON.stringify(name)}`)
    await writeFile(join(dir, name), content, { mode: 0o600 })
    files[name] = toDigest(content)
  }
  const manifest: Manifest = { key, canReset: entry.canReset, files }
  await writeFile(join(dir, MANIFEST), JSON.stringify(manifest), { mode: 0o600 })
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

function parseManifest(text: string): Manifest {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('no manifest')
  const { key, canReset, files } = value as Record<string, unknown>
  if (typeof key !== 'string' || typeof canReset !== 'boolean') throw new Error('no manifest')
  if (typeof files !== 'object' || files === null) throw new Error('no manifest')
  for (const digest of Object.values(files)) if (typeof digest !== 'string') throw new Error('no manifest')
  return { key, canReset, files: files as Record<string, string> }
}

function toDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function isNotFound(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENOTDIR')
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
