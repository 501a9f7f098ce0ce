import type { HttpFetchResponse } from 'vane-core'

/** One request of a call that may be redirected. */
export interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** Fields that were meant for the first host alone. */
const CREDENTIAL_FIELDS: ReadonlySet<string> = new Set(['authorization', 'cookie'])

/** Where a response sends its request, `undefined` where it is the answer (RFC 9110 §15.4). */
export function nextHop(hop: Hop, response: HttpFetchResponse): Hop | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const location = response.headers.find(([name]) => name === 'location')?.[1]
  const url = location === undefined ? null : URL.parse(location, hop.url)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  const isOtherOrigin = url.origin !== hop.url.origin
  // RFC 9110 §15.4.4 for 303, and what every client does for POST on 301 and 302.
  const becomesGet =
    (response.status === 303 && hop.method !== 'HEAD') ||
    ((response.status === 301 || response.status === 302) && hop.method === 'POST')
  return {
    url,
    method: becomesGet ? 'GET' : hop.method,
    headers: hop.headers.filter(([name]) => {
      const lower = name.toLowerCase()
      if (isOtherOrigin && CREDENTIAL_FIELDS.has(lower)) return false
      return !(becomesGet && lower.startsWith('content-'))
    }),
    body: becomesGet ? new Uint8Array() : hop.body,
  }
}
