import type { Json } from 'vane-core'
import { CONTINUE, type Middleware } from '../executor/flow.ts'
import { toStatusResponse } from '../executor/respond-to-error.ts'
import { toRecord, toTexts } from './args.ts'
import { createMiss } from './on-miss.ts'

/**
 * Lets requests for its hosts pass; the others get 404, or their connection is dropped. `*.` in front of a host stands for
 * one or more labels.
 */
export function createHostHeaderMatch(json: Json): Middleware {
  const args = toRecord(json)
  const hosts = toTexts(args['hosts']) ?? []
  const exact = new Set(hosts.filter((host) => !host.startsWith('*.')))
  const suffixes = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1))
  const miss = createMiss(args['on_miss'], () => toStatusResponse(404))
  // `*.a.test` is not `.a.test`: a label is at least one character.
  const isBelow = (host: string): boolean =>
    suffixes.some((suffix) => host.length > suffix.length && host.endsWith(suffix))
  return {
    handle: ({ request: { host } }) => (exact.has(host) || isBelow(host) ? CONTINUE : miss()),
  }
}
