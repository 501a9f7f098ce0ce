import type { HeaderList } from './headers.ts'

/** The body of a message: nothing, bytes that are all there, or a stream with back-pressure. */
export type Body = EmptyBody | FixedBody | StreamBody

/** No body. */
export interface EmptyBody {
  readonly kind: 'empty'
}

/** A body that is wholly in memory. */
export interface FixedBody {
  readonly kind: 'fixed'
  readonly bytes: Uint8Array
}

/** A body that arrives over time. */
export interface StreamBody {
  readonly kind: 'stream'
  readonly source: BodySource
  /** Bytes, where the sender declared them. */
  readonly length: number | undefined
}

/** Where a streamed body goes. Exactly one of `end` and `fail` is called, once, and nothing after it. */
export interface BodySink {
  /** @returns false when the sink is full: the source then waits for `resume`. */
  write(chunk: Uint8Array): boolean
  end(trailers: HeaderList | undefined): void
  /** The body breaks off; the receiver must not take it for complete. */
  fail(error: Error): void
}

/** Where a streamed body comes from. It holds its bytes until `start`, which may be called once. */
export interface BodySource {
  start(sink: BodySink): void
  /** Delivers again after `write` answered false. */
  resume(): void
  /** Nobody wants the rest. Idempotent; allowed before `start`, too. The sink hears nothing more. */
  cancel(reason: Error): void
}

/** The one empty body. */
export const EMPTY_BODY: EmptyBody = { kind: 'empty' }

/** Wraps bytes as a body; none at all is the empty body. */
export function toBody(bytes: Uint8Array): Body {
  return bytes.length === 0 ? EMPTY_BODY : { kind: 'fixed', bytes }
}
