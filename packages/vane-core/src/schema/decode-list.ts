import type { Decode } from './decode-scalar.ts'
import { quoted, wrongType } from './decode-scalar.ts'

/** Limits of a {@link decodeList}. */
export interface ListOptions {
  /** What the list holds, for messages, such as `listen addresses`. */
  readonly what: string
  /** Default 0. */
  readonly min?: number
}

/** A list whose items are all usable; every item is looked at, so that all problems are reported at once. */
export function decodeList<T>(item: Decode<T>, { what, min = 0 }: ListOptions): Decode<T[]> {
  return (node, sink) => {
    if (node.type !== 'array') {
      const wanted = `a list of ${what}`
      // An object may be large, and then is easier told than shown.
      const shown = node.type === 'string' ? quoted(String(node.value)) : node.type === 'object' ? '{ … }' : undefined
      return wrongType(node, sink, shown === undefined ? wanted : { what: wanted, suggestion: `write [${shown}]` })
    }
    const children = node.children ?? []
    if (children.length < min) {
      sink.at(node, {
        code: 'empty-list',
        message: `the list of ${what} needs at least ${min === 1 ? 'one item' : `${min} items`}`,
      })
      return undefined
    }
    const items: T[] = []
    for (const child of children) {
      const value = item(child, sink)
      if (value !== undefined) items.push(value)
    }
    return items.length === children.length ? items : undefined
  }
}
