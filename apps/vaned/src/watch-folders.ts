import { watch, type FSWatcher } from 'node:fs'
import type { Logger } from 'vane-core'

/** What is watched, and what happens then. */
export interface WatchOptions {
  /** Absolute. One that is not there is watched as soon as something changes in another one and it is. */
  readonly folders: readonly string[]
  /** Called once for each run of changes; what it throws is a bug. */
  readonly onChange: () => void
  readonly logger: Logger
  /** How long nothing must have changed: whoever copies a file writes to it many times. Default 300 ms. */
  readonly quietMs?: number
  /** How long changes are waited out at most. Default 3 s. */
  readonly maxWaitMs?: number
}

/** Watches until it is closed; the process may end nevertheless. */
export interface FolderWatch {
  close(): void
}

const DEFAULT_QUIET_MS = 300
const DEFAULT_MAX_WAIT_MS = 3_000

/** Watches the files in folders, though not in folders within these. Where that is impossible, a warning says so. */
export function watchFolders(options: WatchOptions): FolderWatch {
  return new Watch(options)
}

class Watch implements FolderWatch {
  readonly #options: WatchOptions
  readonly #watchers: Map<string, FSWatcher> = new Map()
  /** What was warned of, to be said once. */
  readonly #failed: Set<string> = new Set()
  #timer: NodeJS.Timeout | undefined
  /** When the run of changes began that is being waited out. */
  #sinceMs: number = 0
  #isClosed: boolean = false

  constructor(options: WatchOptions) {
    this.#options = options
    this.#open()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  /** Watches every folder that there is, anew: by its name, which another folder may have taken. */
  #open(): void {
    for (const folder of this.#options.folders) {
      this.#watchers.get(folder)?.close()
      this.#watchers.delete(folder)
      try {
        const watcher = watch(folder, { persistent: false }, (_, name) => this.#notice(name))
        watcher.on('error', (error) => this.#warn(folder, error))
        this.#watchers.set(folder, watcher)
        this.#failed.delete(folder)
      } catch (error) {
        // A folder of plugins need not be there.
        if (codeOf(error) !== 'ENOENT') this.#warn(folder, error)
      }
    }
  }

  #warn(folder: string, error: unknown): void {
    if (this.#failed.has(folder)) return
    this.#failed.add(folder)
    this.#options.logger.warn({ folder, err: error }, 'changes in a folder go unnoticed until a reload is asked for')
  }

  #notice(name: string | null): void {
    if (this.#isClosed || (name !== null && isScratch(name))) return
    const { quietMs = DEFAULT_QUIET_MS, maxWaitMs = DEFAULT_MAX_WAIT_MS } = this.#options
    const nowMs = performance.now()
    if (this.#timer === undefined) this.#sinceMs = nowMs
    clearTimeout(this.#timer)
    const leftMs = this.#sinceMs + maxWaitMs - nowMs
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.min(quietMs, leftMs)))
  }

  #fire(): void {
    this.#timer = undefined
    // First, so that nothing is missed that changes while the change is acted upon.
    this.#open()
    this.#options.onChange()
  }
}

/** Names that editors give to files of their own. A mounted volume swaps its content by way of `..data`. */
function isScratch(name: string): boolean {
  return (name.startsWith('.') && name !== '..data') || name.endsWith('~')
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
