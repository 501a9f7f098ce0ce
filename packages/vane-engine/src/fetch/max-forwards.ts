import { EMPTY_BODY, HeaderList, type HttpRequest, type HttpResponse } from 'vane-core'

const MAX_FORWARDS = 'max-forwards'

/**
 * Counts this proxy as a hop of an OPTIONS request that limits them (RFC 9110 §7.6.2).
 *
 * @returns the answer where the request may go no further.
 */
export function countForward({ method, headers }: HttpRequest): HttpResponse | undefined {
  if (method !== 'OPTIONS') return undefined
  const value = headers.get(MAX_FORWARDS)
  if (value === undefined || !/^[0-9]{1,9}$/.test(value)) return undefined
  const hops = Number(value)
  if (hops === 0) return { status: 200, headers: new HeaderList(), body: EMPTY_BODY }
  headers.set(MAX_FORWARDS, String(hops - 1))
  return undefined
}
