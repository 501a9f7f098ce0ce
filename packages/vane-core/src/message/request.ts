import type { Body } from './body.ts'
import type { HeaderList } from './headers.ts'

/** HTTP version of a message. */
export type HttpVersion = '1.0' | '1.1' | '2' | '3'

/** A request on its way through the graph. The walk that holds it owns it; middleware may change headers and body. */
export interface HttpRequest {
  /** A token, as sent; methods are case-sensitive (RFC 9110 §9.1). */
  method: string
  /** `http` or `https`, by how the client came. */
  readonly scheme: 'http' | 'https'
  /** Host and port as the client named them; empty where HTTP/1.0 named none. */
  readonly authority: string
  /** Host of the authority: lower case, without port; empty where there is none. */
  readonly host: string
  /** Path and query as sent, in origin-form (or `*`). */
  readonly target: string
  /** The target up to `?`. */
  readonly path: string
  /** The target after `?`, without it; empty where there is none. */
  readonly query: string
  readonly version: HttpVersion
  readonly headers: HeaderList
  body: Body
}
