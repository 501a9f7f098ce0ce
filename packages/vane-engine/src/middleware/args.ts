import type { Json } from 'vane-core'

/** Arguments of a middleware as an object; what is none has none. The compiler has checked what is in it. */
export function toRecord(json: Json): { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as { readonly [key: string]: Json })
    : {}
}

/** The texts of a list; `undefined` where it is none. */
export function toTexts(value: Json | undefined): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
}
