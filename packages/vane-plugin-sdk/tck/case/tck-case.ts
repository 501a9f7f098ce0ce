import type { Trial } from './trial.ts'

/** One thing that the contract promises, of hosts whatever a plugin does. */
export interface TckCase {
  /** Its area and what is tried, such as `cpu/loop-in-handle`. Unique, and stable. */
  readonly name: string
  /** What is known once it has passed, as a sentence. */
  readonly proves: string
  /** Throws if the host does not keep the promise. */
  readonly run: (trial: Trial) => Promise<void>
}
