/** Signals the daemon acts on. */
export type DaemonSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

/** Where signals come from: the process, or a test. */
export interface SignalSource {
  on(signal: DaemonSignal, listener: () => void): unknown
  off(signal: DaemonSignal, listener: () => void): unknown
}

/** Signals in the order they came, kept until somebody asks: one that arrives during the start is not lost. */
export interface SignalInbox {
  next(): Promise<DaemonSignal>
  /** Resolves once a signal that ends the daemon has come; takes nothing out of the inbox. */
  readonly endRequested: Promise<void>
  /** Leaves signals to the system again. */
  close(): void
}

const SIGNALS: readonly DaemonSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

/** Begins to listen: from here on no signal ends the process by itself. */
export function openSignalInbox(source: SignalSource = process): SignalInbox {
  const waiting: DaemonSignal[] = []
  let takeNext: ((signal: DaemonSignal) => void) | undefined
  const end = Promise.withResolvers<void>()
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      if (signal !== 'SIGHUP') end.resolve()
      if (takeNext === undefined) waiting.push(signal)
      else takeNext(signal)
      takeNext = undefined
    }
    source.on(signal, listener)
    return { signal, listener }
  })
  return {
    next: () => {
      const first = waiting.shift()
      if (first !== undefined) return Promise.resolve(first)
      return new Promise((resolve) => (takeNext = resolve))
    },
    endRequested: end.promise,
    close: () => {
      for (const { signal, listener } of listeners) source.off(signal, listener)
    },
  }
}
