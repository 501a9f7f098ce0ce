import type { Node } from 'jsonc-parser'

/** A JSON value that knows where it stands: a tree with offsets, in which a property is a node with key and value as children. */
export type JsonNode = Node

/** A key that no object may have: harmless to us, but not to everything a configuration is handed on to. */
export const FORBIDDEN_KEY = '__proto__'

/** A property of an object node. */
export interface JsonProperty {
  readonly key: JsonNode
  readonly name: string
  readonly value: JsonNode
}

/** The properties of an object node as key and value; a property without a value does not occur in a tree without errors. */
export function propertiesOf(node: JsonNode): readonly JsonProperty[] {
  const properties: JsonProperty[] = []
  for (const { children } of node.children ?? []) {
    const key = children?.[0]
    const value = children?.[1]
    if (key !== undefined && value !== undefined) properties.push({ key, name: String(key.value), value })
  }
  return properties
}

/** The value of a key of an object node. */
export function propertyOf(node: JsonNode, name: string): JsonNode | undefined {
  return node.children?.find(({ children }) => children?.[0]?.value === name)?.children?.[1]
}

/** Where a node stands, such as `rules[0].match["http.host"]`; empty for the root. A key has its value's path. */
export function jsonPath(node: JsonNode): string {
  const parts: string[] = []
  for (let at: JsonNode = node; at.parent !== undefined; at = at.parent) {
    if (at.parent.type === 'array') parts.push(pathStep(at.parent.children?.indexOf(at) ?? -1))
    else if (at.type === 'property') parts.push(pathStep(String(at.children?.[0]?.value)))
  }
  const path = parts.toReversed().join('')
  return path.startsWith('.') ? path.slice(1) : path
}

/** What a person calls a node's JSON type. */
export function jsonTypeName(node: JsonNode): string {
  switch (node.type) {
    case 'array':
      return 'a list'
    case 'object':
      return 'an object'
    case 'null':
      return 'null'
    default:
      return `a ${node.type}`
  }
}

/** One step of a JSON path: a key, or an index. */
export function pathStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`
  return keyStep(step)
}

// A path is for finding a place: nobody needs all of a key that is longer.
const MAX_KEY_CHARS = 64

function keyStep(key: string): string {
  const shown = key.length > MAX_KEY_CHARS ? `${key.slice(0, MAX_KEY_CHARS - 1)}…` : key
  return /^[A-Za-z_$][\w$]*$/.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`
}
