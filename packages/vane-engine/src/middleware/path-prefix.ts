import type { Json } from 'vane-core'
import { CONTINUE, type Middleware } from '../executor/flow.ts'
import { toStatusResponse } from '../executor/respond-to-error.ts'
import { createPredicateTest } from '../link/predicate-test.ts'
import { toRecord, toTexts } from './args.ts'
import { createMiss } from './on-miss.ts'

/** Lets requests below its paths pass, by whole segments as `match` does; the others get 404, or are dropped. */
export function createPathPrefix(json: Json): Middleware {
  const args = toRecord(json)
  const tests = (toTexts(args['prefixes']) ?? []).map((value) => {
    const test = createPredicateTest({ op: 'path_prefix', field: 'http.uri.path', value })
    if (test === undefined) throw new Error(`path prefix ${JSON.stringify(value)} cannot be compared`)
    return test
  })
  const miss = createMiss(args['on_miss'], () => toStatusResponse(404))
  return {
    handle: ({ connection, request }) => (tests.some((test) => test(connection, request)) ? CONTINUE : miss()),
  }
}
