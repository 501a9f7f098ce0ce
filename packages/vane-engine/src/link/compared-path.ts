import { normalisePath, type SymbolicFlowGraph } from 'vane-core'
import { fromWireValue } from '../http1/wire-value.ts'

const FIELD = 'http.uri.path'

/** A request's path as rules and plugins compare it: normalised, as text; `undefined` where it has no one reading. */
export function toComparedPath(wirePath: string): string | undefined {
  const path = normalisePath(wirePath)
  return path === undefined ? undefined : fromWireValue(path)
}

/**
 * Whether anything in a graph looks at the compared path. Where nothing does, a path that can be read in two ways decides nothing,
 * and goes through as it is.
 */
export function comparesPaths({ predicates, nodes, middlewares }: SymbolicFlowGraph): boolean {
  return (
    predicates.some(({ field }) => field === FIELD) ||
    nodes.some((node) => node.kind === 'dispatch' && node.field === FIELD) ||
    middlewares.some(({ name, plugin, meta }) => {
      return meta.inspects.includes(FIELD) || (plugin === undefined && name === 'path_prefix')
    })
  )
}
