import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import type { PreparedComponent } from './prepare.ts'
import type { PrepareReply, PrepareRequest } from './prepare-worker.ts'
import { Refusal } from './refusal.ts'

/** Bounds of a {@link Preparer}. */
export interface PreparerOptions {
  /** Time for one component, start of the thread included. */
  readonly timeoutMs: number
  /** Threads at a time. */
  readonly maxThreads: number
}

/** Of the thread's JavaScript heap; the bytes of the component do not count. The largest toolchain needs some 30. */
const MAX_HEAP_MB = 512

/** Takes components apart, each in a thread that ends when it is done. */
export class Preparer {
  readonly #options: PreparerOptions
  readonly #workers: Set<Worker> = new Set()
  readonly #waiting: (() => void)[] = []
  #running: number = 0
  #isClosed: boolean = false

  constructor(options: PreparerOptions) {
    this.#options = options
  }

  /**
   * @param request whose bytes are moved to the thread: they are gone afterwards.
   * @throws Refusal if the component is refused, the thread fails, or it takes too long.
   */
  async prepare(request: PrepareRequest): Promise<PreparedComponent> {
    if (this.#running >= this.#options.maxThreads) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#isClosed) throw new Refusal('the runtime is closed')
    this.#running++
    try {
      return await this.#runWorker(request)
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  /** Ends what is running; resolves when no thread is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const wake of this.#waiting.splice(0)) wake()
    await Promise.all(Array.from(this.#workers, (worker) => worker.terminate()))
  }

  async #runWorker(request: PrepareRequest): Promise<PreparedComponent> {
    const worker = createWorker(request)
    this.#workers.add(worker)
    worker.once('exit', () => this.#workers.delete(worker))
    let reply: PrepareReply
    try {
      reply = await this.#listen(worker)
    } catch (error) {
      await worker.terminate()
      throw error
    }
    // A thread that has answered has nothing left to do and ends by itself, which is gentler than being ended.
    if (!reply.ok) throw new Refusal(reply.reason)
    return reply.prepared
  }

  async #listen(worker: Worker): Promise<PrepareReply> {
    const { timeoutMs } = this.#options
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Refusal(`preparing took longer than ${timeoutMs} ms`)), timeoutMs)
    const exit = once(worker, 'exit').then(() => {
      throw new Refusal(this.#isClosed ? 'the runtime was closed while the component was prepared' : 'preparing failed')
    })
    // Whoever loses the race has nobody to listen.
    exit.catch(() => {})
    try {
      const [reply] = (await Promise.race([once(worker, 'message'), exit, late.promise])) as [PrepareReply]
      return reply
    } catch (error) {
      if (error instanceof Refusal) throw error
      // `once` rejects with the thread's error: out of memory, or a fault of ours.
      throw new Refusal(`preparing failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
}

function createWorker(request: PrepareRequest): Worker {
  // Sources run as they are in tests, the built file everywhere else.
  const file = new URL(import.meta.url.endsWith('.ts') ? './prepare-worker.ts' : './prepare-worker.js', import.meta.url)
  return new Worker(file, {
    name: 'vane-wasm prepare',
    workerData: request,
    transferList: [request.bytes.buffer as ArrayBuffer],
    // It parses bytes nobody vouches for and needs nothing of the process.
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  })
}
