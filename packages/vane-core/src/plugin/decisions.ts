import type { Header } from './values.ts'

/** A whole response made by a plugin instead of an upstream. */
export interface SynthResponse {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: Uint8Array
}

/** Changes to a response; what is absent stays as it was. A given header list replaces the whole list. */
export interface ModifiedResponse {
  readonly status?: number | undefined
  readonly headers?: readonly Header[] | undefined
  readonly body?: Uint8Array | undefined
}

/** `close` resets the connection. */
export type L4PeekDecision = { readonly tag: 'continue' } | { readonly tag: 'close' }

/** `tunnel` asks for no further look at the bytes; `close` resets the connection. */
export type L4BytesDecision = { readonly tag: 'continue' } | { readonly tag: 'tunnel' } | { readonly tag: 'close' }

/** `short` answers in the upstream's place; `close` drops the connection. */
export type L7RequestDecision =
  | { readonly tag: 'continue' }
  | { readonly tag: 'short'; readonly val: SynthResponse }
  | { readonly tag: 'close' }

/** `abort` closes the connection without finishing the message. */
export type L7ResponseDecision =
  | { readonly tag: 'continue' }
  | { readonly tag: 'modify'; readonly val: ModifiedResponse }
  | { readonly tag: 'abort' }
