import { type Body, type StreamBody, toBody } from 'vane-core'
import { BodyLimitError } from './body-limit-error.ts'

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
    const chunks: Uint8Array[] = []
    let bytes = 0
    source.start({
      write(chunk) {
        bytes += chunk.length
        if (bytes > limitBytes) refuse()
        else chunks.push(chunk)
        return true
      },
      end: () => resolve(toBody(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes))),
      fail: reject,
    })
  })
}
