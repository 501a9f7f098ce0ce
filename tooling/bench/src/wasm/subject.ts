/** A way to call a plugin. */
export interface Subject {
  readonly name: string
  /** Makes so many calls, one after the other. Waits only where the subject itself answers promises. */
  run(calls: number): void | Promise<void>
  close(): void | Promise<void>
}

/** A subject whose calls answer at once. */
export function syncSubject(name: string, call: () => unknown, close: () => void | Promise<void> = () => {}): Subject {
  return {
    name,
    run: (calls) => {
      for (let i = 0; i < calls; i++) call()
    },
    close,
  }
}

/** A subject whose calls answer promises. */
export function asyncSubject(name: string, call: () => Promise<unknown>, close: () => Promise<void>): Subject {
  return {
    name,
    run: async (calls) => {
      for (let i = 0; i < calls; i++) await call()
    },
    close,
  }
}
