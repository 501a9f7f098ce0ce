import type { Json } from 'vane-core'

/** Plain data of the compiler as JSON: what is `undefined` is left out. Its types hold no functions and no cycles. */
export function toPlainJson(value: unknown): Json {
  if (Array.isArray(value)) return value.map(toPlainJson)
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return Object.fromEntries(entries.map(([key, item]) => [key, toPlainJson(item)]))
  }
  return value === undefined ? null : (value as Json)
}
