import { suggest } from 'vane-core'
import { MgmtError } from './mgmt-error.ts'

/** What ties an answer to its request: chosen by the caller, given back as it was; `null` where none was given. */
export type RequestId = string | number | null

/** One request, well-formed by itself; whether the verb exists is not known yet. */
export interface MgmtRequest {
  readonly verb: string
  readonly args: Readonly<Record<string, unknown>>
  readonly requestId: RequestId
}

/** A request, or why it is none, with the id it carried if that much could be read. */
export type ParsedRequest =
  | { readonly ok: true; readonly request: MgmtRequest }
  | { readonly ok: false; readonly requestId: RequestId; readonly error: MgmtError }

const MAX_REQUEST_ID_CHARACTERS = 128
const REQUEST_KEYS = ['verb', 'args', 'request_id']

/** Reads one line as a request. */
export function parseRequest(text: string): ParsedRequest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refuse(null, 'the line is not JSON')
  }
  if (!isRecord(value)) return refuse(null, 'a request is an object with "verb", "args" and "request_id"')
  const requestId = value['request_id'] ?? null
  if (!isRequestId(requestId)) {
    return refuse(null, `"request_id" is a number or a string of at most ${MAX_REQUEST_ID_CHARACTERS} characters`)
  }
  for (const key of Object.keys(value)) {
    if (REQUEST_KEYS.includes(key)) continue
    const near = suggest(key, REQUEST_KEYS)
    return refuse(
      requestId,
      `unknown key "${shorten(key)}" in the request${near === undefined ? '' : `; did you mean "${near}"?`}`,
    )
  }
  const { verb, args = {} } = value
  if (typeof verb !== 'string') return refuse(requestId, '"verb" is a string')
  if (!isRecord(args)) return refuse(requestId, '"args" is an object')
  return { ok: true, request: { verb, args, requestId } }
}

/** One line for a request, newline included. */
export function formatRequest(request: MgmtRequest): string {
  return `${JSON.stringify({ verb: request.verb, args: request.args, request_id: request.requestId })}\n`
}

/** Whether a JSON value is an object and neither `null` nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value may be a {@link RequestId}. */
export function isRequestId(value: unknown): value is RequestId {
  if (typeof value === 'string') return value.length <= MAX_REQUEST_ID_CHARACTERS
  return value === null || typeof value === 'number'
}

/** Keeps a caller's own words in a message from filling it. */
export function shorten(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 63)}…`
}

function refuse(requestId: RequestId, message: string): ParsedRequest {
  return { ok: false, requestId, error: new MgmtError('malformed_request', message) }
}
