import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import {
  type Body,
  type BodySink,
  type BodySource,
  EMPTY_BODY,
  type HttpResponse,
  type ProxyTimeouts,
  type StreamBody,
  VaneError,
} from 'vane-core'
import { type CgiHead, CgiHeadParser } from './cgi-head.ts'

/** One program to run for one request. */
export interface CgiRun {
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly env: Record<string, string>
  readonly workingDir: string
  readonly timeouts: ProxyTimeouts
  /** Of the request. */
  readonly method: string
  readonly body: Body
  /** Receives standard error. */
  readonly log: { write(chunk: Uint8Array): void; end(): void }
  /** The program is over. Called once, unless it could not be started and the constructor threw. */
  onExit(): void
}

/** How long a program may go on after it has closed its output. */
const LINGER_MS = 1_000

/**
 * A program at work on one request: its input is the request's body, its output becomes the response and then the
 * response's body. Both stream with back-pressure. However it ends, nothing of its process group is left.
 */
export class CgiExchange implements BodySource {
  /** Rejects with VaneError of kind `upstream` or `timeout`. */
  readonly response: Promise<HttpResponse>
  readonly #run: CgiRun
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #resolve: (response: HttpResponse) => void
  readonly #reject: (error: Error) => void
  readonly #parser = new CgiHeadParser()
  #head: CgiHead | undefined
  #sink: BodySink | undefined
  /** Bytes of content that have been handed on. */
  #handed = 0
  #isOver = false
  /** Why the program was ended, where it was. */
  #error: Error | undefined
  #hasInputEnded = false
  #hasOutputEnded = false
  /** It has closed its output, and was ended because it went on. */
  #hasLingered = false
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined
  #clock: NodeJS.Timeout | undefined
  readonly #total: NodeJS.Timeout | undefined

  /** @throws an error of the system where no process can be made. */
  constructor(run: CgiRun) {
    this.#run = run
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>()
    this.response = promise
    this.#resolve = resolve
    this.#reject = reject
    const [program = '', ...args] = run.command
    // A group of its own, so that what the program starts can be ended with it.
    this.#child = spawn(program, args, {
      env: run.env,
      cwd: run.workingDir,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const { totalMs } = run.timeouts
    if (totalMs !== undefined) this.#total = setTimeout(() => this.#expire('total', totalMs), totalMs)
    this.#watchProcess()
    this.#readOutput()
    this.#writeInput()
  }

  /** The request is over: the program is ended. */
  cancel(reason: Error): void {
    this.#sink = undefined
    this.#end(reason)
  }

  start(sink: BodySink): void {
    this.#sink = sink
    if (this.#isOver) {
      if (this.#error !== undefined) sink.fail(this.#error)
      return
    }
    const { rest } = this.#head!
    if (rest.length > 0 && !this.#hand(rest)) return
    this.resume()
  }

  resume(): void {
    if (this.#isOver) return
    if (!this.#hasOutputEnded) this.#setClock('idle', this.#run.timeouts.idleMs)
    this.#child.stdout.resume()
    this.#finishIfComplete()
  }

  #watchProcess(): void {
    const child = this.#child
    child.stderr.on('data', (chunk: Uint8Array) => this.#run.log.write(chunk))
    for (const stream of [child.stderr, child.stdout]) stream.on('error', () => {})
    child.once('error', (cause) => {
      // Of a process that was made there is an exit to come.
      if (child.pid === undefined) this.#run.onExit()
      this.#end(failed(`could not be started: ${cause.message}`, cause))
    })
    child.once('exit', (code, signal) => {
      // Whatever it started and left behind would keep the output open.
      this.#kill()
      this.#exit = { code, signal }
      this.#run.onExit()
      this.#finishIfComplete()
    })
    // After standard error has been read to its end.
    child.once('close', () => this.#run.log.end())
  }

  #readOutput(): void {
    const { stdout } = this.#child
    stdout.on('data', (chunk: Uint8Array) => {
      if (this.#isOver) return
      if (this.#head === undefined) this.#readHead(chunk)
      // Content that nobody is owed is read, so that the program does not wait, and dropped.
      else if (this.#sink !== undefined) this.#hand(chunk)
    })
    stdout.once('end', () => {
      this.#hasOutputEnded = true
      if (this.#exit === undefined) this.#setClock('linger', LINGER_MS)
      this.#finishIfComplete()
    })
  }

  #readHead(chunk: Uint8Array): void {
    let head: CgiHead | undefined
    try {
      head = this.#parser.push(chunk)
    } catch (error) {
      this.#end(error as Error)
      return
    }
    if (head === undefined) return
    this.#head = head
    const body = this.#toBody(head)
    if (body === undefined) this.#setClock('idle', this.#run.timeouts.idleMs)
    else {
      // Until somebody takes the body nothing more is read, and no clock runs.
      this.#child.stdout.pause()
      clearTimeout(this.#clock)
    }
    const { status, headers, length } = head
    const isDeclared = body === undefined && length !== undefined && status !== 204
    const empty: Body = isDeclared ? { kind: 'stream', source: NO_CONTENT, length } : EMPTY_BODY
    this.#resolve({ status, headers, body: body ?? empty })
  }

  /** The body of the response; `undefined` where it has none, whatever the program goes on to say. */
  #toBody({ status, length }: CgiHead): StreamBody | undefined {
    const hasContent = this.#run.method !== 'HEAD' && status !== 204 && status !== 304
    return hasContent ? { kind: 'stream', source: this, length } : undefined
  }

  /** @returns whether the receiver wants more at once. */
  #hand(chunk: Uint8Array): boolean {
    const { length } = this.#head!
    this.#handed += chunk.length
    if (length !== undefined && this.#handed > length) {
      this.#end(failed(`wrote more than the ${length} bytes it declared`))
      return false
    }
    if (this.#sink!.write(chunk)) {
      this.#setClock('idle', this.#run.timeouts.idleMs)
      return true
    }
    this.#child.stdout.pause()
    // A client that is slow is not the program's fault.
    clearTimeout(this.#clock)
    return false
  }

  /** The output is whole once it has ended and the program has, too: how it did tells whether to believe it. */
  #finishIfComplete(): void {
    if (!this.#hasOutputEnded || this.#exit === undefined || this.#isOver) return
    const { code, signal } = this.#exit
    const how = signal === null ? `with code ${code}` : `by ${signal}`
    if (this.#head === undefined) return this.#end(failed(`ended ${how} before it had answered`))
    const { length } = this.#head
    const body = this.#toBody(this.#head)
    if (body !== undefined) {
      // Killed, for its memory or its time perhaps: what it would have said is not known.
      if (signal !== null && !this.#hasLingered) return this.#end(failed(`ended ${how} within its answer`))
      if (length !== undefined && this.#handed < length) {
        if (this.#sink === undefined) return
        return this.#end(failed(`wrote ${this.#handed} of the ${length} bytes it declared`))
      }
      // Not taken yet: `start` comes back here.
      if (this.#sink === undefined) return
    }
    this.#close()
    this.#sink?.end(undefined)
  }

  #writeInput(): void {
    const { stdin } = this.#child
    const { body, timeouts } = this.#run
    const ended = (): void => {
      this.#hasInputEnded = true
      if (this.#head === undefined) this.#setClock('first byte', timeouts.firstByteMs)
    }
    stdin.once('finish', ended)
    this.#setClock('idle', timeouts.idleMs)
    if (body.kind !== 'stream') {
      stdin.on('error', ended)
      stdin.end(body.kind === 'fixed' ? body.bytes : undefined)
      return
    }
    const { source } = body
    stdin.on('error', () => {
      // The program does not read on, which is its good right.
      source.cancel(new Error('CGI program has closed its input'))
      ended()
    })
    stdin.on('drain', () => {
      this.#onInputProgress()
      source.resume()
    })
    source.start({
      write: (chunk) => {
        this.#onInputProgress()
        return stdin.write(chunk)
      },
      end: () => void stdin.end(),
      fail: (error) => this.#end(error),
    })
  }

  #onInputProgress(): void {
    if (this.#head === undefined && !this.#hasInputEnded) this.#setClock('idle', this.#run.timeouts.idleMs)
  }

  #setClock(what: 'first byte' | 'idle' | 'linger', ms: number): void {
    clearTimeout(this.#clock)
    if (this.#isOver) return
    this.#clock = setTimeout(() => {
      if (what !== 'linger') return this.#expire(what, ms)
      this.#hasLingered = true
      this.#kill()
    }, ms)
  }

  #expire(what: 'first byte' | 'idle' | 'total', ms: number): void {
    const reason = what === 'first byte' ? 'read' : what
    const said = {
      'first byte': `did not answer within ${ms} ms`,
      idle: `was idle for ${ms} ms`,
      total: `took longer than ${ms} ms in all`,
    }[what]
    this.#end(new VaneError({ kind: 'timeout', reason }, `CGI program ${said}`))
  }

  /** Ends the exchange with a failure, and the program with it. */
  #end(error: Error): void {
    if (this.#isOver) return
    this.#error = error
    this.#close()
    this.#reject(error)
    this.#sink?.fail(error)
  }

  #close(): void {
    this.#isOver = true
    clearTimeout(this.#clock)
    clearTimeout(this.#total)
    this.#kill()
    // Read to the end, or the process would not count as closed.
    this.#child.stdout.resume()
    this.#child.stdin.destroy()
    const { body } = this.#run
    if (body.kind === 'stream' && !this.#hasInputEnded) {
      body.source.cancel(this.#error ?? new Error('CGI program did not read its input to the end'))
    }
  }

  #kill(): void {
    const { pid } = this.#child
    // Once the process is gone its number may be another's.
    if (pid === undefined || this.#exit !== undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Nothing of the group is left.
    }
  }
}

/** Content that a head declares but that does not come (RFC 9110 §8.6: answers to HEAD, 304). */
const NO_CONTENT: BodySource = {
  start: (sink) => sink.end(undefined),
  resume: () => {},
  cancel: () => {},
}

function failed(what: string, cause?: unknown): VaneError {
  return new VaneError(
    { kind: 'upstream', reason: 'reset-mid-request' },
    `CGI program ${what}`,
    cause === undefined ? {} : { cause },
  )
}
