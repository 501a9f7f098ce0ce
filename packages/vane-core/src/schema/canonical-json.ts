import type { Json } from '../rules/types.ts'

/** JSON text that is equal for equal values: keys sorted by UTF-16 unit, no white space. The value's nesting must be bounded. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  // Put together piece by piece: ten thousand rules are compared with what they were by this text.
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) text += `${text === '' ? '' : ','}${canonicalJson(item)}`
    return `[${text}]`
  }
  const members = value as { readonly [key: string]: Json }
  // Without a comparison of one's own it is by UTF-16 unit.
  for (const key of Object.keys(members).toSorted()) {
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(members[key]!)}`
  }
  return `{${text}}`
}
