import { VaneError } from 'vane-core'

/** The client takes nothing of its response. That is its own doing, and nobody's failure. */
export class ClientStall extends VaneError {
  /** @param limitMs how long it has taken nothing. */
  constructor(limitMs: number) {
    super({ kind: 'timeout', reason: 'idle' }, `client took nothing for ${limitMs} ms`)
  }
}
