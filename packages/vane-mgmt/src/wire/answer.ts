import type { MgmtError } from './mgmt-error.ts'
import { isRecord, isRequestId, type RequestId } from './request.ts'

/** An answer as it crosses the socket. Exactly one of `result` and `error` is not `null`, but for a result that is `null`. */
export interface MgmtAnswer {
  readonly request_id: RequestId
  readonly result: unknown
  readonly error: MgmtErrorBody | null
}

/** Why there is no result. */
export interface MgmtErrorBody {
  readonly code: string
  /** Lower case, no final stop. */
  readonly message: string
  /** Whatever else the verb has to say; absent where there is nothing. */
  readonly data?: unknown
}

/** One line for a result, newline included. */
export function formatResult(requestId: RequestId, result: unknown): string {
  return `${JSON.stringify({ request_id: requestId, result: result ?? null, error: null })}\n`
}

/** One line for a failure, newline included. */
export function formatError(requestId: RequestId, error: MgmtError): string {
  const body: MgmtErrorBody = {
    code: error.code,
    message: error.message,
    ...(error.data === undefined ? {} : { data: error.data }),
  }
  return `${JSON.stringify({ request_id: requestId, result: null, error: body })}\n`
}

/** Reads one line as an answer; `undefined` where it is none. Keys that a newer daemon adds are passed over. */
export function parseAnswer(text: string): MgmtAnswer | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const { request_id: requestId = null, result = null, error = null } = value
  if (!isRequestId(requestId)) return undefined
  if (error === null) return { request_id: requestId, result, error: null }
  if (!isRecord(error) || typeof error['code'] !== 'string' || typeof error['message'] !== 'string') return undefined
  const { code, message, data } = error
  return { request_id: requestId, result: null, error: { code, message, ...(data === undefined ? {} : { data }) } }
}
