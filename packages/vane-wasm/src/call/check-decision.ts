import type { L4BytesDecision, L4PeekDecision, L7RequestDecision, L7ResponseDecision, PluginKind } from 'vane-core'

import { checkHeaders, type CheckedHeaders } from './check-headers.ts'

/** The decision of each kind of handler. */
export interface DecisionByKind {
  readonly 'l4-peek': L4PeekDecision
  readonly 'l4-bytes': L4BytesDecision
  readonly 'l7-request': L7RequestDecision
  readonly 'l7-response': L7ResponseDecision
}

/** A decision that holds what the contract demands. */
export interface CheckedDecision<K extends PluginKind> {
  readonly decision: DecisionByKind[K]
  /** Header fields the plugin may not set and that have been left out. */
  readonly droppedHeaders: readonly string[]
}

/** A decision's check: the reason for a trap as text, or the decision. */
type Check<K extends PluginKind> = (value: unknown) => CheckedDecision<K> | string

const NOTHING_DROPPED: readonly string[] = []
const CONTINUE = { decision: { tag: 'continue' }, droppedHeaders: NOTHING_DROPPED } as const
const CLOSE = { decision: { tag: 'close' }, droppedHeaders: NOTHING_DROPPED } as const
const TUNNEL = { decision: { tag: 'tunnel' }, droppedHeaders: NOTHING_DROPPED } as const
const ABORT = { decision: { tag: 'abort' }, droppedHeaders: NOTHING_DROPPED } as const

/** Checks of what a handler answered, beyond its type. */
export const CHECK_DECISION: { readonly [K in PluginKind]: Check<K> } = {
  'l4-peek': (value) => {
    const tag = tagOf(value)
    if (tag === 'continue') return CONTINUE
    return tag === 'close' ? CLOSE : unknownDecision(tag)
  },
  'l4-bytes': (value) => {
    const tag = tagOf(value)
    if (tag === 'continue') return CONTINUE
    if (tag === 'tunnel') return TUNNEL
    return tag === 'close' ? CLOSE : unknownDecision(tag)
  },
  'l7-request': (value) => {
    const tag = tagOf(value)
    if (tag === 'continue') return CONTINUE
    if (tag === 'close') return CLOSE
    return tag === 'short' ? checkShort(value) : unknownDecision(tag)
  },
  'l7-response': (value) => {
    const tag = tagOf(value)
    if (tag === 'continue') return CONTINUE
    if (tag === 'abort') return ABORT
    return tag === 'modify' ? checkModify(value) : unknownDecision(tag)
  },
}

function checkShort(value: unknown): CheckedDecision<'l7-request'> | string {
  const { status, headers, body } = payloadOf(value)
  const why = whyBadStatus(status)
  if (why !== undefined) return `answered ${why}`
  const checked = checkHeaders(headers)
  if (typeof checked === 'string') return `answered ${checked}`
  if (!(body instanceof Uint8Array)) return 'answered a body that is not bytes'
  return {
    decision: { tag: 'short', val: { status: Number(status), headers: checked.headers, body } },
    droppedHeaders: checked.dropped,
  }
}

function checkModify(value: unknown): CheckedDecision<'l7-response'> | string {
  const { status, headers, body } = payloadOf(value)
  const why = status === undefined ? undefined : whyBadStatus(status)
  if (why !== undefined) return `answered ${why}`
  let checked: CheckedHeaders | undefined
  if (headers !== undefined) {
    const result = checkHeaders(headers)
    if (typeof result === 'string') return `answered ${result}`
    checked = result
  }
  if (body !== undefined && !(body instanceof Uint8Array)) return 'answered a body that is not bytes'
  return {
    decision: {
      tag: 'modify',
      val: { status: status === undefined ? undefined : Number(status), headers: checked?.headers, body },
    },
    droppedHeaders: checked?.dropped ?? NOTHING_DROPPED,
  }
}

function whyBadStatus(status: unknown): string | undefined {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599) return undefined
  return `a status outside 100 to 599 (${String(status)})`
}

function tagOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'tag' in value ? value.tag : undefined
}

function payloadOf(value: unknown): Readonly<Record<string, unknown>> {
  const payload: unknown = typeof value === 'object' && value !== null && 'val' in value ? value.val : undefined
  return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {}
}

function unknownDecision(tag: unknown): string {
  return typeof tag === 'string' ? `answered an unknown decision (${tag})` : 'answered something that is no decision'
}
