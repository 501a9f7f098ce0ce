import { type Body, type StreamBody, toBody, VaneError } from 'vane-core'
import type { BodyHold, BodyMemoryLimit } from '../floor/body-memory.ts'
import { BodyLimitError } from './body-limit-error.ts'
import { canceled } from './canceled.ts'
import { CollectedBytes } from './collected-bytes.ts'

/** Which body, how much of it at most, and on whose account. */
export interface CollectOptions {
  readonly direction: 'request' | 'response'
  readonly limitBytes: number
  /** What is in memory is counted there for as long as its owner does not release it. */
  readonly hold: BodyHold
}

/**
 * Reads a streamed body into memory. Trailers are dropped: a body of known bytes has none.
 *
 * Rejects with {@link BodyLimitError}, at the first byte over the limit or at once where the declared length is over it; with
 * VaneError of kind `resource` where there is no room among the bodies of all requests; or with whatever broke the body.
 * Nothing of it is counted any more then.
 */
export function collectBody({ source, length }: StreamBody, options: CollectOptions): Promise<Body> {
  const { direction, limitBytes, hold } = options
  return new Promise((resolve, reject) => {
    const collected = new CollectedBytes(length ?? limitBytes)
    let hasFailed = false
    const fail = (error: Error): void => {
      if (hasFailed) return
      hasFailed = true
      hold.grow(-collected.size)
      reject(error)
    }
    const refuse = (error: Error): void => {
      source.cancel(error)
      fail(error)
    }
    if (length !== undefined) {
      if (length > limitBytes) return refuse(new BodyLimitError(direction, limitBytes))
      // What cannot be kept need not be sent. Nothing is reserved: who declares much must not keep others out.
      const limit = hold.check(length)
      if (limit !== undefined) return refuse(noRoom(direction, limit))
    }
    source.start({
      write(chunk) {
        if (hasFailed) return true
        if (collected.length + chunk.length > limitBytes) refuse(new BodyLimitError(direction, limitBytes))
        else if (hold.isReleased) refuse(canceled())
        else {
          const limit = hold.grow(collected.sizeWith(chunk) - collected.size)
          if (limit === undefined) collected.add(chunk)
          else refuse(noRoom(direction, limit))
        }
        return true
      },
      end: () => resolve(toBody(collected.take())),
      fail,
    })
  })
}

function noRoom(direction: 'request' | 'response', limit: BodyMemoryLimit): VaneError {
  const message = `no room in memory for the ${direction} body: ${limit} allows no more`
  return new VaneError({ kind: 'resource', reason: 'body-memory' }, message, { context: { limit } })
}
