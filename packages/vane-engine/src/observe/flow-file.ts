import { open, stat, type FileHandle } from 'node:fs/promises'
import { type FlowEvent, type Logger, toFlowRecord, VaneError } from 'vane-core'

/** A file that flow log entries are added to, one JSON object a line. */
export interface FlowFile {
  /** Adds an entry, later. Where the file system does not keep up the entry is dropped and counted. */
  write(event: FlowEvent): void
  /** Goes on in what now stands at the path: for whoever has moved the file away. A path that cannot be opened changes nothing. */
  reopen(): Promise<void>
  /** Writes what waits and closes the file. Nothing may be added after that. */
  close(): Promise<void>
  readonly stats: FlowFileStats
}

/** Figures of a {@link FlowFile} since it was opened. */
export interface FlowFileStats {
  readonly written: number
  readonly dropped: number
}

/** Entries that wait to be written. */
const MAX_WAITING = 10_000
/** How long an entry waits for others to be written with. */
const GATHER_MS = 100
/** Entries that are put into words in one turn: requests wait for no more than that. */
const BATCH = 200
/** Targets may hold what is nobody else's business. */
const MODE = 0o640

/**
 * Opens a file to add flow log entries to; it is made where there is none.
 *
 * @throws VaneError of kind `io` where it cannot be written, or is no file: a pipe without a reader would stop everything.
 */
export async function openFlowFile(path: string, logger: Logger): Promise<FlowFile> {
  return new AppendingFlowFile(path, await openToAppend(path), logger)
}

class AppendingFlowFile implements FlowFile {
  readonly #path: string
  readonly #logger: Logger
  #handle: FileHandle
  #waiting: FlowEvent[] = []
  #written = 0
  #dropped = 0
  /** Of the dropped ones: those that the file does not say yet. */
  #untold = 0
  #isFailing = false
  #timer: NodeJS.Timeout | undefined
  /** What is done with the file, one after the other. */
  #work: Promise<void> = Promise.resolve()

  constructor(path: string, handle: FileHandle, logger: Logger) {
    this.#path = path
    this.#handle = handle
    this.#logger = logger
  }

  get stats(): FlowFileStats {
    return { written: this.#written, dropped: this.#dropped }
  }

  write(event: FlowEvent): void {
    if (this.#waiting.length >= MAX_WAITING) this.#drop(1, 'the file does not keep up')
    else this.#waiting.push(event)
    this.#timer ??= setTimeout(() => void this.#enqueue(() => this.#flush()), GATHER_MS).unref()
  }

  reopen(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#flush()
      try {
        const opened = await openToAppend(this.#path)
        await this.#handle.close()
        this.#handle = opened
        this.#isFailing = false
      } catch (error) {
        this.#logger.warn({ err: error, path: this.#path }, 'flow log file cannot be opened again; the old one goes on')
      }
    })
  }

  close(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#flush()
      await this.#handle.close()
    })
  }

  /** Nothing that is done with the file rejects but its closing. */
  #enqueue(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(step)
    return this.#work
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const events = this.#waiting
    this.#waiting = []
    for (let at = 0; at < events.length; at += BATCH) {
      const batch = events.slice(at, at + BATCH)
      try {
        await this.#handle.appendFile(this.#noteOfDropped() + batch.map(toLine).join(''))
        this.#untold = 0
        this.#written += batch.length
        this.#isFailing = false
      } catch (error) {
        this.#drop(events.length - at, 'it cannot be written', error)
        return
      }
    }
  }

  #noteOfDropped(): string {
    if (this.#untold === 0) return ''
    return `${JSON.stringify({ event: 'dropped', time: new Date().toISOString(), count: this.#untold })}\n`
  }

  /** Counts always, and logs once until it goes well again. */
  #drop(count: number, why: string, error?: unknown): void {
    this.#dropped += count
    this.#untold += count
    if (this.#isFailing) return
    this.#isFailing = true
    const fields = { path: this.#path, ...(error === undefined ? {} : { err: error }) }
    this.#logger.warn(fields, `entries of the flow log are dropped: ${why}`)
  }
}

function toLine(event: FlowEvent): string {
  return `${JSON.stringify(toFlowRecord(event))}\n`
}

async function openToAppend(path: string): Promise<FileHandle> {
  try {
    const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (stats?.isFile() === false) throw new Error('it is no file')
    return await open(path, 'a', MODE)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new VaneError({ kind: 'io' }, `flow log file ${path} cannot be opened: ${reason}`, { cause: error })
  }
}
