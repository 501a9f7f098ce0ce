import type { ContextEntry, ContextValue } from '../contract/values.ts'

/** The value that each tag carries, 64-bit integers as `bigint` whatever the toolchain. */
export interface ContextTypes {
  text: string
  bytes: Uint8Array
  int64: bigint
  uint64: bigint
  boolean: boolean
  'list-text': string[]
}

/**
 * The value of a context path that is of the given type. Undefined when the export does not list the path in `inspects`.
 * componentize-qjs hands integers over as `number`s, so above 2^53 the last digits are lost before they get here.
 */
export function getContext<Tag extends ContextValue['tag']>(
  context: readonly ContextEntry[],
  path: string,
  tag: Tag,
): ContextTypes[Tag] | undefined {
  const value = context.find((entry) => entry.path === path)?.value
  if (value === undefined) return undefined
  if (value.tag !== tag) throw new TypeError(`the context path ${path} is ${value.tag}, not ${tag}`)
  const val = value.tag === 'int64' || value.tag === 'uint64' ? BigInt(value.val) : value.val
  return val as ContextTypes[Tag]
}
