import type { Json } from '../rules/types.ts'
import { propertiesOf, type JsonNode } from './json-node.ts'
import type { ProblemSink } from './problem-sink.ts'

/** The plain value of a node; `undefined`, and reported, where a number has no finite form. Nesting is the parser's bound. */
export function toJson(node: JsonNode, sink: ProblemSink): Json | undefined {
  switch (node.type) {
    case 'array': {
      const items: Json[] = []
      let whole = true
      for (const child of node.children ?? []) {
        const item = toJson(child, sink)
        if (item === undefined) whole = false
        else items.push(item)
      }
      return whole ? items : undefined
    }
    case 'object': {
      const entries: [string, Json][] = []
      let whole = true
      for (const { name, value } of propertiesOf(node)) {
        const item = toJson(value, sink)
        if (item === undefined) whole = false
        else entries.push([name, item])
      }
      return whole ? Object.fromEntries(entries) : undefined
    }
    case 'number':
      if (Number.isFinite(node.value)) return node.value as number
      sink.at(node, { code: 'out-of-range', message: 'the number is too large' })
      return undefined
    case 'null':
      return null
    default:
      return node.value as string | boolean
  }
}
