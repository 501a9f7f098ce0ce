import { connectRaw } from '../support/raw-client.ts'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { startEngine, type StartedEngine } from '../support/start-engine.ts'
import { statusOf } from '../support/stand.ts'
import { readStrictResponse, type StrictMessage } from '../support/strict-message.ts'
import { until } from '../support/until.ts'
import { type Answered, type FuzzUpstream, startFuzzUpstream } from './fuzz-upstream.ts'
import { makeRequest, type SoundRequest } from './message-grammar.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { createRandom, type Random } from './random.ts'
import { readMeantRequests } from './reference-reader.ts'

/** A proxy between damaged requests and damaged responses. */
export interface FuzzTarget extends AsyncDisposable {
  /**
   * Runs one round: a client, its requests, their answers.
   *
   * @throws Error that has the seed and every byte, where the proxy did what it must not.
   */
  run(seed: number): Promise<void>
}

/** Statuses a proxy gives for what an upstream did; upstreams here never choose them. */
const OF_PROXY: ReadonlySet<number> = new Set([500, 502, 503, 504])
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])
const PROBE_EVERY = 50
const LONG_MS = 60_000
const DEADLINE_MS = 20_000

/** Starts one. */
export async function startFuzzTarget(): Promise<FuzzTarget> {
  const upstream = await startFuzzUpstream()
  // Either side ends, so that nothing has to wait for a clock; one that runs out under load would only blur what is found.
  const timeouts = { firstByteMs: LONG_MS, idleMs: LONG_MS }
  const vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts })), {
    limits: { headerTimeoutMs: LONG_MS, bodyIdleTimeoutMs: LONG_MS, keepAliveTimeoutMs: LONG_MS },
  })
  let rounds = 0
  return {
    async run(seed) {
      const round = new Round(vane, upstream, seed)
      try {
        await round.play()
        round.check()
        if (round.isAborted) await settle(vane, upstream)
        if (++rounds % PROBE_EVERY === 0) await probe(vane, upstream)
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n${round.story()}`, {
          cause: error,
        })
      }
      vane.logs.length = 0
      vane.trajectories.length = 0
    },
    async [Symbol.asyncDispose]() {
      await vane[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** A sound request on a connection of its own must be served, whatever came before. */
async function probe(vane: StartedEngine, upstream: FuzzUpstream): Promise<void> {
  upstream.begin({ random: createRandom(1), mark: '/probe', damage: 0 })
  using client = await connectRaw(vane.port)
  client.send('GET /probe HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  const text = await client.closed()
  // What a client that broke off had sent may come in between, and its damage may have cut the round's mark away.
  const answered = upstream.answered.filter(({ request }) => request.startLine.startsWith('GET /probe '))
  if (answered.length !== 1 || readStrictResponse(text, { to: 'GET', isClosed: true }) === undefined)
    throw new Error(`probe was answered ${JSON.stringify(text)}`)
}

/**
 * What a client that broke off had sent may reach the upstream after its round. Connections are accepted in their order: when
 * a fresh one has been, and none is open but the proxy's own, nothing is on the way any more.
 */
async function settle(vane: StartedEngine, upstream: FuzzUpstream): Promise<void> {
  vane.engine.drainUpstream(`127.0.0.1:${upstream.port}`)
  await probe(vane, upstream)
  await until('connections of clients that broke off are closed', () => {
    const { active = 0, idle = 0 } = vane.engine.stats().upstreams[0] ?? {}
    return upstream.sockets.length === active + idle
  })
}

class Round {
  readonly #vane: StartedEngine
  readonly #upstream: FuzzUpstream
  /** Part of every path of the round. Unlike its neighbours', so that no damage makes one of another. */
  readonly #mark: string
  readonly #random: Random
  #requests: SoundRequest[] = []
  #sent = ''
  #isDamaged = false
  #isAborted = false
  #received = ''
  #wasReset = false

  constructor(vane: StartedEngine, upstream: FuzzUpstream, seed: number) {
    this.#vane = vane
    this.#upstream = upstream
    this.#mark = `/${(Math.imul(seed, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}/`
    this.#random = createRandom(seed)
  }

  /** The client broke off in the middle. */
  get isAborted(): boolean {
    return this.#isAborted
  }

  async play(): Promise<void> {
    const random = this.#random
    const count = 1 + random.below(4)
    for (let index = 0; index < count; index++) {
      const request = makeRequest(random, `${this.#mark}r${index}`, index === count - 1)
      this.#requests.push(request)
      this.#sent += request.bytes
    }
    this.#isDamaged = random.chance(0.7)
    if (this.#isDamaged) this.#sent = mutateBytes(random, this.#sent)
    this.#isAborted = random.chance(0.05)
    const pieces = split(random, this.#sent)
    this.#upstream.begin({ random, mark: this.#mark, damage: random.pick([0, 0.3, 1]) })

    using client = await connectRaw(this.#vane.port)
    for (const piece of pieces) {
      client.send(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (this.#isAborted) client.socket.resetAndDestroy()
    else {
      client.socket.end()
      await client.closed()
    }
    const { engine } = this.#vane
    await until(
      'nothing under way',
      () => {
        return engine.stats().requests.active === 0 && engine.stats().connections.active === 0
      },
      DEADLINE_MS,
    )
    // Else the next round might ask on a connection that is dead already.
    await until('connections that have ended are closed', () => this.#upstream.lingering.size === 0, DEADLINE_MS)
    this.#received = client.text
    this.#wasReset = client.wasReset
  }

  check(): void {
    for (const { level, message, fields } of this.#vane.logs) {
      if (level === 'error' || level === 'fatal')
        throw new Error(`logged as a bug: ${message} ${JSON.stringify(fields)}`)
    }
    const [fault] = this.#upstream.faults
    if (fault !== undefined) throw new Error(`upstream was sent what is not strict: ${fault.message}`)
    const came = this.#checkRequests()
    if (!this.#isAborted) this.#checkResponses(came)
  }

  /**
   * What came through is what the client meant, in order, without anything between.
   *
   * @returns for each request that was meant, what became of it; nothing where it did not come through.
   */
  #checkRequests(): (Answered | undefined)[] {
    const meant = readMeantRequests(this.#sent)
    const found: (Answered | undefined)[] = []
    for (const entry of withoutRepeats(this.#upstream.answered)) {
      const came = describe(entry.request)
      for (;;) {
        const { method, target, host, body } = meant[found.length] ?? {}
        if (method === undefined) throw new Error(`${JSON.stringify(came)} came through and was not meant`)
        // An HTTP/1.0 request without a host gets the upstream's own.
        const expected = [`${method} ${target} HTTP/1.1`, host === '' ? came[1] : host, body]
        const isSame = JSON.stringify(came) === JSON.stringify(expected)
        found.push(isSame ? entry : undefined)
        if (isSame) break
      }
    }
    return found
  }

  /** What the client got is well-formed to the last, and is what the upstream meant. */
  #checkResponses(came: readonly (Answered | undefined)[]): void {
    const meant = readMeantRequests(this.#sent)
    const text = this.#received
    let from = 0
    let final = 0
    while (from < text.length) {
      const message = readStrictResponse(text, { from, to: meant[final]?.method ?? 'GET', isClosed: true })
      // Cut: the connection has closed within it.
      if (message === undefined) break
      from = message.end
      if (statusOf(message) >= 200) this.#checkFinal(came[final++], message)
    }
    const isSound = !this.#isDamaged && this.#upstream.answered.every(({ hasEnded }) => !hasEnded)
    if (isSound && final !== this.#requests.length)
      throw new Error(`${this.#requests.length} sound requests, ${final} answers`)
  }

  #checkFinal(entry: Answered | undefined, message: StrictMessage): void {
    const status = statusOf(message)
    if (entry === undefined) {
      if (status < 400) throw new Error(`a ${status} that no upstream gave`)
      return
    }
    const { meant, hasEnded } = entry
    if (meant?.status === status && meant.body === message.body) return
    // Where only the end of the connection ends a body, a reset says that it was not all.
    if (message.framing === 'close' && this.#wasReset) return
    if (hasEnded && OF_PROXY.has(status)) return
    throw new Error(
      `${message.startLine} with ${JSON.stringify(message.body)} where ${JSON.stringify(meant)} was meant`,
    )
  }

  /** Everything that is needed to see what happened. */
  story(): string {
    const answers = this.#upstream.answered.map(({ request, sent, hasEnded }) => ({
      to: request.startLine,
      sent,
      hasEnded,
    }))
    const all = { sent: this.#sent, aborted: this.#isAborted, answers, received: this.#received, reset: this.#wasReset }
    // JSON escapes fewer bytes than cannot be seen.
    return JSON.stringify(all, undefined, 1).replace(
      /[\x7f-\xff]/g,
      (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`,
    )
  }
}

/** A request that is sent again after a kept connection turned out dead is the same request. */
function withoutRepeats(answered: readonly Answered[]): Answered[] {
  return answered.filter((entry, index) => {
    const next = answered[index + 1]
    const isRepeated =
      next !== undefined &&
      IDEMPOTENT.has(methodOf(entry.request)) &&
      entry.hasEnded &&
      sameRequest(entry.request, next.request)
    return !isRepeated
  })
}

function sameRequest(one: StrictMessage, other: StrictMessage): boolean {
  return one.startLine === other.startLine && one.body === other.body
}

function describe(request: StrictMessage): readonly string[] {
  return [request.startLine, valueOf(request, 'host'), request.body]
}

function methodOf({ startLine }: StrictMessage): string {
  return startLine.slice(0, startLine.indexOf(' '))
}

function valueOf({ fields }: StrictMessage, name: string): string {
  return fields.find(([each]) => each === name)?.[1] ?? ''
}

function split(random: Random, text: string): string[] {
  if (random.chance(0.3)) return [text]
  const pieces: string[] = []
  const longest = random.pick([1 + Math.ceil(text.length / 30), 40, 400])
  for (let at = 0; at < text.length;) {
    const length = 1 + random.below(longest)
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}
