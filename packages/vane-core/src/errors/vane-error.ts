import type { ErrorCategory, ErrorKind, ResourceReason, TimeoutReason, UpstreamReason } from './error-kinds.ts'

const MAX_MESSAGE_BYTES = 4096
const MAX_CONTEXT_BYTES = 1024
const MAX_CAUSE_BYTES = 1024
const MAX_CAUSES = 16

/** What may accompany a {@link VaneError}. */
export interface VaneErrorOptions {
  readonly cause?: unknown
  /** Where it happened, for logs: rule, node, address. Never shown to a client. */
  readonly context?: Readonly<Record<string, string | number | boolean>>
}

/** Bounded, loggable form of a {@link VaneError}. */
export interface VaneErrorJson {
  readonly kind: ErrorKind
  readonly reason?: string
  /** At most 4 KiB of UTF-8. */
  readonly message: string
  /** JSON text of the context, at most 1 KiB of UTF-8. */
  readonly context?: string
  /** Messages of the cause chain, outermost first: at most 16 of at most 1 KiB each. */
  readonly causes?: readonly string[]
}

/** Every failure that Vane itself raises, sorted into a closed list of kinds. */
export class VaneError extends Error {
  override readonly name = 'VaneError'
  readonly category: ErrorCategory
  readonly context: Readonly<Record<string, string | number | boolean>> | undefined

  constructor(category: ErrorCategory, message: string, options: VaneErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.category = category
    this.context = options.context
  }

  get kind(): ErrorKind {
    return this.category.kind
  }

  get reason(): UpstreamReason | TimeoutReason | ResourceReason | undefined {
    return 'reason' in this.category ? this.category.reason : undefined
  }

  /**
   * Whether the same work may be tried again, as far as its method may be repeated: nothing of an answer came, and another
   * attempt may well go better.
   *
   * A reset within the response is not, since the peer did what it was asked; nor is a failed TLS handshake, which harms
   * nothing but does not get better either.
   */
  isRetryable(): boolean {
    switch (this.category.kind) {
      case 'upstream':
        return RETRYABLE_UPSTREAM.has(this.category.reason)
      case 'timeout':
        return this.category.reason === 'connect'
      default:
        return false
    }
  }

  /** Status a client is answered with when this error ends its request. */
  httpStatus(): number {
    switch (this.category.kind) {
      case 'protocol':
        return 400
      case 'upstream':
      case 'io':
        return 502
      case 'timeout':
        return 504
      case 'resource':
        return 503
      case 'canceled':
        // nginx's convention for "the client went away": it is only ever logged.
        return 499
      default:
        return 500
    }
  }

  /** A form whose size is bounded whatever the error carries. */
  toJSON(): VaneErrorJson {
    const causes = causeMessages(this.cause)
    return {
      kind: this.kind,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      message: truncateUtf8(this.message, MAX_MESSAGE_BYTES),
      ...(this.context === undefined ? {} : { context: truncateUtf8(safeJson(this.context), MAX_CONTEXT_BYTES) }),
      ...(causes.length === 0 ? {} : { causes }),
    }
  }
}

const RETRYABLE_UPSTREAM: ReadonlySet<UpstreamReason> = new Set([
  'unreachable',
  'dns-failure',
  'reset-on-idle-pickup',
  'reset-before-response',
  'refused',
  'gone',
])

/** Messages along `cause`. A cause may be anything that anybody threw, so every look at it may throw in turn. */
function causeMessages(first: unknown): string[] {
  const messages: string[] = []
  const seen = new Set<unknown>()
  let cause = first
  while (cause !== undefined && cause !== null && messages.length < MAX_CAUSES && !seen.has(cause)) {
    seen.add(cause)
    messages.push(truncateUtf8(describeCause(cause), MAX_CAUSE_BYTES))
    cause = nextCause(cause)
  }
  return messages
}

function describeCause(cause: unknown): string {
  try {
    if (!(cause instanceof Error)) return String(cause)
    const message = messageOf(cause)
    if (message !== '') return message
    // A connect that failed on every address of a name is an AggregateError without a message of its own.
    if (cause instanceof AggregateError) return cause.errors.slice(0, MAX_CAUSES).map(messageOf).join('; ')
    return 'code' in cause ? `${cause.name} ${String(cause.code)}` : cause.name
  } catch {
    return UNPRINTABLE
  }
}

function messageOf(error: unknown): string {
  const message: unknown = error instanceof Error ? error.message : error
  return typeof message === 'string' ? message : UNPRINTABLE
}

function nextCause(cause: unknown): unknown {
  try {
    return cause instanceof Error ? cause.cause : undefined
  } catch {
    return undefined
  }
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? UNPRINTABLE
  } catch {
    return UNPRINTABLE
  }
}

const UNPRINTABLE = '[unprintable]'

/** Cuts at a character boundary, so that the result is well-formed and at most `maxBytes` of UTF-8, mark included. */
function truncateUtf8(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at most 3 bytes, so short texts need no measuring.
  if (text.length * 3 <= maxBytes || (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes)) {
    return text.toWellFormed()
  }
  const mark = '…'
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - Buffer.byteLength(mark)))
  return text.slice(0, read).toWellFormed() + mark
}
