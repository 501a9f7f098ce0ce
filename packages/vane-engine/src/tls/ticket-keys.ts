import { randomBytes } from 'node:crypto'

/** Node's form: the key's name, and the keys for integrity and secrecy. */
const KEY_BYTES = 48

/** How long one set of keys seals tickets. */
export const TICKET_ROTATION_MS: number = 12 * 3_600_000

/** Keys that seal session tickets. `epoch` changes with them. */
export interface TicketKeySet {
  readonly keys: Buffer
  readonly epoch: number
}

/**
 * The ticket keys of an engine: all listeners and all graphs share them, so that a client resumes wherever it comes back.
 *
 * They live in memory only, and not for long, so that whoever gets hold of them cannot open what was recorded before.
 */
export class TicketKeys {
  readonly #now: () => number
  readonly #rotationMs: number
  #current: TicketKeySet
  #rotatesAtMs: number

  /** @param now milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now(), rotationMs: number = TICKET_ROTATION_MS) {
    this.#now = now
    this.#rotationMs = rotationMs
    this.#current = { keys: randomBytes(KEY_BYTES), epoch: 0 }
    this.#rotatesAtMs = now() + rotationMs
  }

  /** The set in force; a new one once the last has had its time. */
  current(): TicketKeySet {
    const nowMs = this.#now()
    if (nowMs >= this.#rotatesAtMs) {
      this.#current = { keys: randomBytes(KEY_BYTES), epoch: this.#current.epoch + 1 }
      this.#rotatesAtMs = nowMs + this.#rotationMs
    }
    return this.#current
  }
}
