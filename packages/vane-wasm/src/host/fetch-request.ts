import type { HttpFetchRequest } from 'vane-core'

import { whyBadField } from '../call/check-headers.ts'

/** A plugin's `http-fetch` argument, with what it asks of the limits apart. */
export interface ParsedFetch {
  readonly request: HttpFetchRequest
  readonly url: URL
  readonly timeoutMs: number | undefined
  readonly followRedirects: number | undefined
  readonly verifyTls: boolean
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const MAX_URL_LENGTH = 8192
const MAX_HEADERS = 100

/**
 * Takes a lifted value for an `http-fetch-request`.
 *
 * @returns the reason why it breaks the contract, as text, or the request.
 */
export function parseFetchRequest(value: unknown): ParsedFetch | string {
  if (typeof value !== 'object' || value === null) return 'http-fetch was given no request'
  const { method, url, headers, body, timeoutMs, followRedirects, verifyTls } = value as Record<string, unknown>
  if (typeof method !== 'string' || !TOKEN.test(method)) return 'http-fetch was given a method that is not a token'
  if (typeof url !== 'string' || url.length > MAX_URL_LENGTH || !URL.canParse(url)) {
    return 'http-fetch was given a url that is relative, malformed or too long'
  }
  if (!(body instanceof Uint8Array)) return 'http-fetch was given a body that is not bytes'
  const pairs = parsePairs(headers)
  if (typeof pairs === 'string') return pairs
  if (!isOptionalCount(timeoutMs) || !isOptionalCount(followRedirects))
    return 'http-fetch was given a limit that is not a number'
  if (verifyTls !== undefined && typeof verifyTls !== 'boolean')
    return 'http-fetch was given a verify-tls that is not a boolean'
  return {
    request: { method, url, headers: pairs, body },
    url: new URL(url),
    timeoutMs,
    followRedirects,
    verifyTls: verifyTls !== false,
  }
}

function parsePairs(value: unknown): (readonly [string, string])[] | string {
  if (!Array.isArray(value)) return 'http-fetch was given headers that are not a list'
  if (value.length > MAX_HEADERS)
    return `http-fetch was given ${value.length} headers, more than the limit of ${MAX_HEADERS}`
  const pairs: (readonly [string, string])[] = []
  for (const pair of value as unknown[]) {
    const [name, text] = Array.isArray(pair) ? (pair as unknown[]) : []
    if (typeof name !== 'string' || typeof text !== 'string')
      return 'http-fetch was given a header that is not a pair of texts'
    const refusal = whyBadField(name, text)
    if (refusal !== undefined) return `http-fetch was given ${refusal}`
    pairs.push([name.toLowerCase(), text])
  }
  return pairs
}

function isOptionalCount(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0)
}
