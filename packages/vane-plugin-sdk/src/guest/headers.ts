import type { Header } from '../contract/values.ts'

/** The first value of a header field, by its name in any case. */
export function getHeader(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase()
  return headers.find((header) => header.name === wanted)?.value
}

/** A new list in which the field has exactly this value; it goes where the field stood first, or to the end. */
export function setHeader(headers: readonly Header[], name: string, value: string): Header[] {
  const wanted = name.toLowerCase()
  const at = headers.findIndex((header) => header.name === wanted)
  const others = headers.filter((header) => header.name !== wanted)
  others.splice(at === -1 ? others.length : at, 0, { name: wanted, value })
  return others
}

/** A new list without the field. */
export function removeHeader(headers: readonly Header[], name: string): Header[] {
  const wanted = name.toLowerCase()
  return headers.filter((header) => header.name !== wanted)
}
