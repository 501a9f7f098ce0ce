import type { HeaderList } from 'vane-core'
import { isHostOwned } from '../http1/hop-by-hop.ts'

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const SPACE = 32
const TAB = 9
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g

/**
 * The fields of a response.
 *
 * @param length declared length of the content in bytes, where it is to be said.
 * @throws Error for a field that cannot be written.
 */
export function toResponsePairs(status: number, headers: HeaderList, length: number | undefined): string[] {
  const pairs = [':status', String(status)]
  addFields(pairs, headers)
  if (length !== undefined) pairs.push('content-length', String(length))
  return pairs
}

/** What a request begins with. */
export interface RequestLine {
  readonly method: string
  readonly scheme: string
  readonly authority: string
  /** Origin-form, or `*`. */
  readonly target: string
}

/** What else a request says of its content. */
export interface RequestContent {
  /** Bytes, where they are to be declared. */
  readonly length: number | undefined
  readonly expectsContinue: boolean
}

/**
 * The fields of a request. `host` is left out, since `:authority` says the same.
 *
 * @throws Error for a field that cannot be written.
 */
export function toRequestPairs(line: RequestLine, headers: HeaderList, content: RequestContent): string[] {
  const pairs = [':method', line.method, ':scheme', line.scheme, ':authority', line.authority, ':path', line.target]
  for (let at = 1; at < pairs.length; at += 2) assertValue(pairs[at - 1]!, pairs[at]!)
  addFields(pairs, headers)
  if (content.expectsContinue) pairs.push('expect', '100-continue')
  // Meant for the next hop alone, and the one coding of it that may be asked for here (RFC 9113 §8.2.2): gRPC needs it.
  if (headers.getAll('te').some((value) => /(?:^|,)\s*trailers\s*(?:;|,|$)/i.test(value))) pairs.push('te', 'trailers')
  if (content.length !== undefined) pairs.push('content-length', String(content.length))
  return pairs
}

/** @throws Error for a field that cannot be written. */
export function toTrailerPairs(trailers: HeaderList): string[] {
  const pairs: string[] = []
  addFields(pairs, trailers)
  return pairs
}

function addFields(pairs: string[], headers: HeaderList): void {
  headers.forEach((name, value) => {
    if (name === 'host' || name === 'expect' || isHostOwned(name)) return
    if (!NAME.test(name)) throw new Error('field name that cannot be written')
    assertValue(name, value)
    pairs.push(name, isSpace(value, 0) || isSpace(value, value.length - 1) ? value.replaceAll(OUTER_SPACE, '') : value)
  })
}

function isSpace(value: string, at: number): boolean {
  const code = value.charCodeAt(at)
  return code === SPACE || code === TAB
}

function assertValue(name: string, value: string): void {
  if (NOT_IN_VALUE.test(value)) throw new Error(`field ${name} with a value that cannot be written`)
}
