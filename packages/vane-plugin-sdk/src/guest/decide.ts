import type { L7RequestDecision, L7ResponseDecision } from '../contract/decisions.ts'
import type { Header } from '../contract/values.ts'
import { encodeUtf8 } from './utf8.ts'

/** Header fields as a list, or as an object when no field is repeated. */
export type HeadersInit = readonly Header[] | Readonly<Record<string, string>>

/** What `decide.short` takes. */
export interface ShortInit {
  /** Default 200. */
  status?: number
  headers?: HeadersInit
  /** Text is sent as UTF-8. Default empty. */
  body?: string | Uint8Array
}

/** What `decide.modify` takes; an absent part stays as it is. */
export interface ModifyInit {
  status?: number
  /** The whole list: a field that is not in it is gone. See `setHeader`. */
  headers?: HeadersInit
  body?: string | Uint8Array
}

/** The constructors of `decide`. */
export interface Decide {
  /** On to the next step. */
  continue(): { tag: 'continue' }
  /** Close the connection: not for `l7-response`, which has `abort`. */
  close(): { tag: 'close' }
  /** `l4-bytes`: pass the bytes on from here and ask no more. */
  tunnel(): { tag: 'tunnel' }
  /** `l7-response`: close the connection instead of answering. */
  abort(): { tag: 'abort' }
  /** `l7-request`: answer at once; the upstream is not asked. */
  short(response?: ShortInit): Extract<L7RequestDecision, { tag: 'short' }>
  /** `l7-response`: replace parts of the response. */
  modify(response: ModifyInit): Extract<L7ResponseDecision, { tag: 'modify' }>
}

/** Makes decisions; which of them a handler may give, its return type says. */
export const decide: Decide = {
  continue: () => ({ tag: 'continue' }),
  close: () => ({ tag: 'close' }),
  tunnel: () => ({ tag: 'tunnel' }),
  abort: () => ({ tag: 'abort' }),
  short: ({ status = 200, headers = [], body = '' } = {}) => ({
    tag: 'short',
    val: { status, headers: toHeaders(headers), body: toBytes(body) },
  }),
  modify: ({ status, headers, body }) => ({
    tag: 'modify',
    val: {
      status,
      headers: headers === undefined ? undefined : toHeaders(headers),
      body: body === undefined ? undefined : toBytes(body),
    },
  }),
}

function toHeaders(headers: HeadersInit): Header[] {
  if (isList(headers)) return [...headers]
  return Object.entries(headers).map(([name, value]) => ({ name, value }))
}

// Array.isArray would narrow a readonly array to any[].
function isList(headers: HeadersInit): headers is readonly Header[] {
  return Array.isArray(headers)
}

function toBytes(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? encodeUtf8(body) : body
}
