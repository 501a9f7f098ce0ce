import { oneOf, unknownWord, wrongType, type Decode } from './decode-scalar.ts'
import { propertyOf } from './json-node.ts'
import type { Problem } from './problem-sink.ts'

/** What a {@link decodeTagged} can be. */
export interface TaggedOptions<T> {
  /** What is expected, for messages, such as `terminate type`. */
  readonly what: string
  /** The key that says which variant it is. Each variant's decoder must allow it. */
  readonly tag: string
  readonly variants: Readonly<Record<string, Decode<T>>>
  /** Code for a variant that does not exist. */
  readonly unknownCode: Problem['code']
}

/** An object whose other keys depend on one of them. */
export function decodeTagged<T>({ what, tag, variants, unknownCode }: TaggedOptions<T>): Decode<T> {
  const names = Object.keys(variants)
  return (node, sink) => {
    if (node.type !== 'object') return wrongType(node, sink, `an object with the key "${tag}"`)
    const tagNode = propertyOf(node, tag)
    if (tagNode === undefined) {
      const message = `the key "${tag}" is missing`
      sink.at(node, { code: 'missing-key', message, expected: `"${tag}": ${oneOf(names)}` })
      return undefined
    }
    if (tagNode.type !== 'string') return wrongType(tagNode, sink, `a ${what} (a string)`)
    const name = String(tagNode.value)
    const variant = Object.hasOwn(variants, name) ? variants[name] : undefined
    if (variant !== undefined) return variant(node, sink)
    sink.at(tagNode, () => unknownWord(name, names, { code: unknownCode, what }))
    return undefined
  }
}
