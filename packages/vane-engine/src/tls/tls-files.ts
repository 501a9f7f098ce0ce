import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { quoted } from 'vane-core'
import { describeIoError } from '../config/io-error.ts'
import { readWhole } from '../config/read-whole.ts'

/** The most a file with certificates, keys or revocation lists may hold; some lists are long. */
const MAX_FILE_BYTES = 16 * 1_048_576
const MAX_READS = 3

/** Files of a folder of authorities that are read. */
const AUTHORITY_FILE = /^[^.].*\.(?:pem|crt|cer)$/

/**
 * The files that TLS is made of, each read once: what was checked is what is used, and what is hashed.
 *
 * One for each link; the next one reads them anew.
 */
export class TlsFiles {
  readonly #baseDir: string
  readonly #files = new Map<string, Promise<Buffer>>()
  readonly #folders = new Map<string, Promise<readonly string[]>>()

  /** @param baseDir folder that relative names stand in. */
  constructor(baseDir: string) {
    this.#baseDir = baseDir
  }

  /**
   * Reads a file.
   *
   * @param what it is to an operator, such as `cert_file`.
   * @throws Error that names both, and the reason.
   */
  async read(path: string, what: string): Promise<Buffer> {
    let reading = this.#files.get(path)
    if (reading === undefined) {
      reading = readRegular(resolve(this.#baseDir, path))
      this.#files.set(path, reading)
    }
    return reading.catch((error: unknown) => {
      throw new Error(`${what} ${quoted(path)} cannot be read: ${describeIoError(error)}`, { cause: error })
    })
  }

  /**
   * Names of the `.pem`, `.crt` and `.cer` files in a folder, as {@link read} takes them, sorted.
   *
   * @throws Error that names the folder and the reason.
   */
  async list(path: string, what: string): Promise<readonly string[]> {
    let listing = this.#folders.get(path)
    if (listing === undefined) {
      listing = readdir(resolve(this.#baseDir, path)).then((names) =>
        names
          .filter((name) => AUTHORITY_FILE.test(name))
          .toSorted()
          .map((name) => join(path, name)),
      )
      this.#folders.set(path, listing)
    }
    return listing.catch((error: unknown) => {
      throw new Error(`${what} ${quoted(path)} cannot be read: ${describeIoError(error)}`, { cause: error })
    })
  }

  /** SHA-256, lower hex, over all that was asked for: names and contents, and which could not be read. */
  async digest(): Promise<string> {
    const hash = createHash('sha256')
    for (const [path, listing] of [...this.#folders].toSorted(byName)) {
      hash.update(`folder ${JSON.stringify([path, await listing.catch(() => null)])}\n`)
    }
    for (const [path, reading] of [...this.#files].toSorted(byName)) {
      const bytes = await reading.catch(() => undefined)
      hash.update(`file ${JSON.stringify([path, bytes === undefined ? null : sha256(bytes)])}\n`)
    }
    return hash.digest('hex')
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

/** SHA-256, lower hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function readRegular(file: string): Promise<Buffer> {
  for (let attempt = 1; attempt <= MAX_READS; attempt++) {
    // Without O_NONBLOCK, opening a named pipe waits for somebody to write.
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const read = await readWhole(handle, MAX_FILE_BYTES)
    if ('bytes' in read) return read.bytes
    if (read.refused === 'no-file') throw new Error('it is not a regular file')
    if (read.refused === 'too-large') throw new Error(`it exceeds ${MAX_FILE_BYTES} bytes`)
  }
  throw new Error(`it changed while it was read, ${MAX_READS} times in a row`)
}
