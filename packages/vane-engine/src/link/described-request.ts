import type { FieldValue, ReadField } from 'vane-core'
import { toWireValue } from '../http1/wire-value.ts'
import { toComparedPath } from './compared-path.ts'
import { findCookieValue } from './cookie-value.ts'
import { findQueryValue } from './query-value.ts'

/** A connection and a request on it, as somebody describes them. */
export interface DescribedRequest {
  /** Fields other than those below, by path: `remote.ip`, `http.method` and so on; `http.uri.path` as sent. Absent ones miss. */
  readonly fields: Readonly<Record<string, FieldValue>>
  /** In any case; the first of a name counts. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** After `?`, without it. */
  readonly query: string
}

/** Reads the fields of a described request as the executor reads those of a real one. */
export function readDescribed({ fields, headers, query }: DescribedRequest): ReadField {
  const valuesOf = (name: string): string[] =>
    headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
  return (path) => {
    if (path === 'http.uri.query') return query
    if (path.startsWith('http.header.')) return valuesOf(path.slice('http.header.'.length))[0]
    if (path.startsWith('http.query.')) return findQueryValue(query, path.slice('http.query.'.length))
    if (path.startsWith('http.cookie.')) {
      const name = path.slice('http.cookie.'.length)
      return valuesOf('cookie')
        .map((field) => findCookieValue(field, name))
        .find((value) => value !== undefined)
    }
    const value = Object.hasOwn(fields, path) ? fields[path] : undefined
    return path === 'http.uri.path' && typeof value === 'string' ? toComparedPath(toWireValue(value)) : value
  }
}
