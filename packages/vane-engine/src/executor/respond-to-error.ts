import { STATUS_CODES } from 'node:http'
import { HeaderList, type HttpResponse, PluginExhaustedError, toBody, VaneError } from 'vane-core'
import { ClientFault } from '../http1/client-fault.ts'
import { BodyLimitError } from './body-limit-error.ts'

/** What a client is told of an error, and whether the connection goes on after that. */
export interface ErrorAnswer {
  readonly response: HttpResponse
  readonly close: boolean
}

/** Seconds after which a client may ask again where there was not enough of something. */
const RETRY_AFTER_SECS = 1

/**
 * Turns an error into the response that its request ends with. The only place that does.
 *
 * Nothing of the error but a status gets out: messages name upstreams, plugins and limits.
 */
export function respondToError(error: unknown): ErrorAnswer {
  if (error instanceof ClientFault) return toAnswer(error.status, true)
  if (error instanceof BodyLimitError) return error.direction === 'request' ? toAnswer(413, true) : toAnswer(502, false)
  if (error instanceof PluginExhaustedError) return toAnswer(503, false)
  if (error instanceof VaneError) {
    const status = error.httpStatus()
    return toAnswer(status, status === 500 || status === 400)
  }
  return toAnswer(500, true)
}

/** A response of the proxy's own that says no more than its status. */
export function toStatusResponse(status: number): HttpResponse {
  const headers = new HeaderList(['content-type', 'text/plain; charset=utf-8'])
  if (status === 503) headers.append('retry-after', String(RETRY_AFTER_SECS))
  return { status, headers, body: toBody(Buffer.from(`${status} ${STATUS_CODES[status] ?? ''}\n`)) }
}

function toAnswer(status: number, close: boolean): ErrorAnswer {
  return { response: toStatusResponse(status), close }
}
