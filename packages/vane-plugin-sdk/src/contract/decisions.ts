import type { Header, Option } from './values.ts'

/** What becomes of a connection after its first bytes. */
export type L4PeekDecision = { tag: 'continue' } | { tag: 'close' }

/** What becomes of a connection: on to the next step, passed on unseen from here, or closed. */
export type L4BytesDecision = { tag: 'continue' } | { tag: 'tunnel' } | { tag: 'close' }

/** An answer made by the plugin. */
export interface SynthResponse {
  /** 100 to 599; anything else is a trap. */
  status: number
  headers: Header[]
  body: Uint8Array
}

/** What becomes of a request: sent on, answered here, or its connection closed. */
export type L7RequestDecision = { tag: 'continue' } | { tag: 'short'; val: SynthResponse } | { tag: 'close' }

/** What replaces the response's parts; none leaves a part as it is. */
export interface ModifiedResponse {
  status?: Option<number>
  /** The whole list: a field that is not in it is gone. */
  headers?: Option<Header[]>
  body?: Option<Uint8Array>
}

/** What becomes of a response: written as it is, changed, or its connection closed. */
export type L7ResponseDecision = { tag: 'continue' } | { tag: 'modify'; val: ModifiedResponse } | { tag: 'abort' }
