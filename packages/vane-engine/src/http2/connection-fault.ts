import { toErrorName } from './error-code.ts'
import type { Http2Limit } from './flood-guard.ts'

/** The peer broke the protocol or a limit in a way that ends the whole connection (RFC 9113 §5.4.1). */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault'
  /** What GOAWAY says. */
  readonly code: number
  /** The limit that was hit, where it was one. */
  readonly limit: Http2Limit | undefined

  constructor(code: number, message: string, limit?: Http2Limit) {
    super(`${message} (${toErrorName(code)})`)
    this.code = code
    this.limit = limit
  }
}
