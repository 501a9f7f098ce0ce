import type { HttpResponse, Json } from 'vane-core'
import { CONTINUE, type Middleware } from '../executor/flow.ts'
import { toStatusResponse } from '../executor/respond-to-error.ts'
import { toRecord, toTexts } from './args.ts'
import { createMiss } from './on-miss.ts'

/** Lets requests with its methods pass; the others get 405 with the methods there are, or are dropped. */
export function createMethodMatch(json: Json): Middleware {
  const args = toRecord(json)
  const methods = new Set(toTexts(args['methods']))
  const allow = [...methods].join(', ')
  const miss = createMiss(args['on_miss'], () => toNotAllowed(allow))
  return {
    handle: ({ request }) => (methods.has(request.method) ? CONTINUE : miss()),
  }
}

/** A 405 must say what is allowed (RFC 9110 §15.5.6). */
function toNotAllowed(allow: string): HttpResponse {
  const response = toStatusResponse(405)
  response.headers.append('allow', allow)
  return response
}
