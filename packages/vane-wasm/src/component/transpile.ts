import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What the child process is sent. */
export interface TranspileRequest {
  readonly bytes: Uint8Array
  /** Host functions that wait, such as `vane:host/host@0.1.0#http-fetch`; empty for a plugin that is called synchronously. */
  readonly asyncImports: readonly string[]
  /** Exports that may call them. */
  readonly asyncExports: readonly string[]
}

/** What the child process answers. */
export type TranspileReply = ({ readonly ok: true } & Transpiled) | { readonly ok: false; readonly message: string }

/** A component taken apart. */
export interface Transpiled {
  /** ES module with the function `instantiate`, as the transpiler wrote it. */
  readonly glueSource: string
  /** Core modules by the name the glue asks for. */
  readonly coreModules: readonly (readonly [name: string, bytes: Uint8Array])[]
}

/** Failure of a transpilation; the message is the reason alone, fit to stand behind the file's name. */
export class TranspileError extends Error {
  override readonly name = 'TranspileError'
}

/** Bounds of a {@link Transpiler}. */
export interface TranspilerOptions {
  /** Time for one component, start of the process included. */
  readonly timeoutMs: number
  /** Processes at a time; each takes 150 to 250 MB. */
  readonly maxProcesses: number
}

const MAX_STDERR_LENGTH = 2000
const MAX_MESSAGE_LENGTH = 1000
const MAX_HEAP_MB = 1024

/** Turns components into core modules and JavaScript, each in a child process that exits when it is done. */
export class Transpiler {
  readonly #options: TranspilerOptions
  readonly #children: Set<ChildProcess> = new Set()
  readonly #waiting: (() => void)[] = []
  #running: number = 0
  #isClosed: boolean = false

  constructor(options: TranspilerOptions) {
    this.#options = options
  }

  /** @throws TranspileError if the component is refused, the process fails, or it takes too long. */
  async transpile(request: TranspileRequest): Promise<Transpiled> {
    if (this.#running >= this.#options.maxProcesses) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#isClosed) throw new TranspileError('the runtime is closed')
    this.#running++
    try {
      return await this.#runChild(request)
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  /** Kills what is running; resolves when no process is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const wake of this.#waiting.splice(0)) wake()
    await Promise.all(Array.from(this.#children, (child) => kill(child)))
  }

  async #runChild(request: TranspileRequest): Promise<Transpiled> {
    const child = forkTranspiler()
    this.#children.add(child)
    try {
      const reply = await this.#converse(child, request)
      if (!reply.ok) throw new TranspileError(toOneLine(reply.message))
      return reply
    } finally {
      await kill(child)
      this.#children.delete(child)
    }
  }

  #converse(child: ChildProcess, request: TranspileRequest): Promise<TranspileReply> {
    const { promise, resolve, reject } = Promise.withResolvers<TranspileReply>()
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, MAX_STDERR_LENGTH)
    })
    const { timeoutMs } = this.#options
    const timer = setTimeout(
      () => reject(new TranspileError(`transpiling took longer than ${timeoutMs} ms`)),
      timeoutMs,
    )
    child.once('message', (reply) => resolve(reply as TranspileReply))
    child.once('error', (error) => reject(new TranspileError('the transpiler cannot be started', { cause: error })))
    child.once('close', (code, signal) => {
      const how = this.#isClosed
        ? 'the runtime was closed while the component was transpiled'
        : `the transpiler ended with ${signal ?? `code ${code}`}`
      reject(new TranspileError(stderr === '' ? how : `${how}: ${toOneLine(stderr)}`))
    })
    // Whoever closed the channel meanwhile is reported by `close`.
    child.send(request, () => {})
    return promise.finally(() => clearTimeout(timer))
  }
}

function forkTranspiler(): ChildProcess {
  // Sources run as they are in tests, the built file everywhere else.
  const file = new URL(
    import.meta.url.endsWith('.ts') ? './transpile-child.ts' : './transpile-child.js',
    import.meta.url,
  )
  return fork(file, {
    // It parses bytes nobody vouches for: it may read files, to load its own code, and start the thread its WASI shim wants.
    execArgv: [
      '--no-warnings',
      '--permission',
      '--allow-fs-read=*',
      '--allow-worker',
      `--max-old-space-size=${MAX_HEAP_MB}`,
    ],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

function toOneLine(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  return line.length > MAX_MESSAGE_LENGTH ? `${line.slice(0, MAX_MESSAGE_LENGTH)}…` : line
}
