import { VaneError } from 'vane-core'
import type { LinkedGraph } from '../link/linked-graph.ts'
import { Listener, type ListenerContext, type ListenerStatus } from './listener.ts'

/** Every listener of an engine: those of the graph in force, and those of earlier ones that still drain. */
export class ListenerSet {
  readonly #context: ListenerContext
  readonly #active = new Map<string, Listener>()
  readonly #draining = new Set<Listener>()
  #onState: (() => void) | undefined

  constructor(context: Omit<ListenerContext, 'onListenerState'>) {
    this.#context = { ...context, onListenerState: () => this.#onState?.() }
  }

  /**
   * Opens the listeners of the first graph. Resolves once each has tried and one listens; the rest go on trying.
   *
   * @throws VaneError of kind `io` where none listens by the deadline, or all have given up.
   */
  async start(graph: LinkedGraph): Promise<void> {
    await this.#open(graph)
    if (this.#active.size === 0) return
    await new Promise<void>((resolve, reject) => {
      const check = (isOver: boolean): void => {
        const listeners = [...this.#active.values()]
        const hasOne = listeners.some(({ isListening }) => isListening)
        if (!hasOne && !isOver && listeners.some((listener) => listener.status().state !== 'failed')) return
        clearTimeout(timer)
        this.#onState = undefined
        if (hasOne) resolve()
        else reject(new VaneError({ kind: 'io' }, `no listener could be bound: ${this.#describeFailures()}`))
      }
      const timer = setTimeout(() => check(true), this.#context.bind.deadlineMs)
      this.#onState = () => check(false)
      check(false)
    })
  }

  /** Follows a reload: what both graphs name stays untouched, what is new opens, what is gone drains. */
  async follow(previous: LinkedGraph, graph: LinkedGraph): Promise<void> {
    for (const [key, listener] of this.#active) {
      if (graph.entries.has(key)) {
        listener.reopen()
        continue
      }
      this.#active.delete(key)
      this.#retire(listener, previous)
    }
    await this.#open(graph)
  }

  statuses(): ListenerStatus[] {
    return [...this.#active.values(), ...this.#draining].map((listener) => listener.status())
  }

  /** Bytes of all open connections. */
  openBytes(): { received: number; sent: number } {
    const total = { received: 0, sent: 0 }
    for (const listener of [...this.#active.values(), ...this.#draining]) {
      const { received, sent } = listener.openBytes()
      total.received += received
      total.sent += sent
    }
    return total
  }

  /** Drains everything. @returns how many connections were cut. */
  async drain(timeoutMs: number): Promise<number> {
    const listeners = [...this.#active.values(), ...this.#draining]
    const forced = await Promise.all(listeners.map((listener) => listener.drain(timeoutMs)))
    this.#active.clear()
    this.#draining.clear()
    return forced.reduce((sum, count) => sum + count, 0)
  }

  async #open(graph: LinkedGraph): Promise<void> {
    const opened: Promise<void>[] = []
    for (const [key, { address }] of Object.entries(graph.symbolic.meta.listeners)) {
      if (this.#active.has(key)) continue
      const listener = new Listener(key, address, this.#context)
      this.#active.set(key, listener)
      opened.push(this.#report(listener))
    }
    await Promise.all(opened)
  }

  async #report(listener: Listener): Promise<void> {
    await listener.open()
    const { key, addresses, state, error } = listener.status()
    const { logger } = this.#context
    if (error === undefined) logger.debug({ listener: key, addresses }, 'listening')
    else logger.warn({ listener: key, state }, error)
  }

  #retire(listener: Listener, previous: LinkedGraph): void {
    this.#draining.add(listener)
    const { logger, limits } = this.#context
    listener
      .drain(limits.drainTimeoutMs, previous)
      .then((forced) => logger.info({ listener: listener.key, forced }, 'removed listener has drained'))
      .catch((error: unknown) =>
        logger.error({ err: error, listener: listener.key }, 'removed listener failed to drain'),
      )
      .finally(() => this.#draining.delete(listener))
  }

  #describeFailures(): string {
    return [...this.#active.values()].map((listener) => listener.status().error ?? listener.key).join('; ')
  }
}
