import { type Body, type StreamBody, toBody } from 'vane-core'
import { BodyLimitError } from './body-limit-error.ts'
import { CollectedBytes } from './collected-bytes.ts'

/** Which body, and how much of it at most. */
export interface CollectOptions {
  readonly direction: 'request' | 'response'
  readonly limitBytes: number
}

/**
 * Reads a streamed body into memory. Trailers are dropped: a body of known bytes has none.
 *
 * Rejects with {@link BodyLimitError}, at the first byte over the limit or at once where the declared length is over it; or
 * with whatever broke the body.
 */
export function collectBody({ source, length }: StreamBody, { direction, limitBytes }: CollectOptions): Promise<Body> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => {
      const error = new BodyLimitError(direction, limitBytes)
      source.cancel(error)
      reject(error)
    }
    if (length !== undefined && length > limitBytes) {
      refuse()
      return
    }
    const collected = new CollectedBytes(length ?? limitBytes)
    source.start({
      write(chunk) {
        if (collected.length + chunk.length > limitBytes) refuse()
        else collected.add(chunk)
        return true
      },
      end: () => resolve(toBody(collected.take())),
      fail: reject,
    })
  })
}
