import {
  canonicalJson,
  type FetchId,
  type FieldPredicate,
  type MiddlewareId,
  type Node,
  type NodeId,
  type PredicateId,
  type SymbolicFetch,
  type SymbolicMiddleware,
  type TerminatorId,
  type TerminatorKind,
} from 'vane-core'
import type { GraphParts } from './compact-graph.ts'

/**
 * Grows the flat arrays of a graph from the ends of its paths to their beginnings, and shares what is equal: predicates by
 * value, stateless middleware by what it is and its arguments, nodes by structure. Fetches and stateful middleware are never
 * shared: each has a life of its own.
 */
export class GraphBuilder {
  readonly nodes: Node[] = []
  readonly nodeRules: (string | null)[] = []
  readonly predicates: FieldPredicate[] = []
  readonly middlewares: SymbolicMiddleware[] = []
  readonly fetches: SymbolicFetch[] = []
  readonly terminators: TerminatorKind[] = []
  readonly #ids = new Map<string, number>()

  /** All there is, whether an entry leads to it or not. */
  parts(): Omit<GraphParts, 'entries'> {
    const { nodes, nodeRules, predicates, middlewares, fetches, terminators } = this
    return { nodes, nodeRules, predicates, middlewares, fetches, terminators }
  }

  /** @param rule whose own the node is; `null` for what any rule may share. */
  node(node: Node, rule: string | null): NodeId {
    const key = rule === null ? `node ${keyOf(node)}` : `${keyOf(node)} of ${rule}`
    return this.#intern(key, () => {
      this.nodeRules.push(rule)
      return this.nodes.push(node)
    }) as NodeId
  }

  predicate(predicate: FieldPredicate): PredicateId {
    const { field, op, value } = predicate
    return this.#intern(`predicate ${JSON.stringify([field, op, value])}`, () =>
      this.predicates.push({ op, field, value }),
    ) as PredicateId
  }

  middleware(middleware: SymbolicMiddleware): MiddlewareId {
    const add = (): number => this.middlewares.push(middleware)
    if (!middleware.meta.stateless) return (add() - 1) as MiddlewareId
    const { name, plugin, args } = middleware
    const what = plugin === undefined ? [name] : [plugin.path, plugin.export]
    return this.#intern(`middleware ${JSON.stringify(what)} ${canonicalJson(args)}`, add) as MiddlewareId
  }

  fetch(fetch: SymbolicFetch): FetchId {
    return (this.fetches.push(fetch) - 1) as FetchId
  }

  terminator(kind: TerminatorKind): TerminatorId {
    return this.#intern(`terminator ${kind}`, () => this.terminators.push(kind)) as TerminatorId
  }

  /** @param add pushes the thing and answers the new length of its array. */
  #intern(key: string, add: () => number): number {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = add() - 1
    this.#ids.set(key, id)
    return id
  }
}

/** Text that is equal for equal nodes. Checks and fetches are most of a graph. */
function keyOf(node: Node): string {
  switch (node.kind) {
    case 'check': {
      const { predicate, onMatch, onMiss, collectBodyBefore = '', bodyLimit = '' } = node
      return `check ${predicate} ${onMatch} ${onMiss} ${collectBodyBefore} ${bodyLimit}`
    }
    case 'fetch': {
      const { id, nextResponse = '', nextTunnel = '', collectBodyBefore = '', bodyLimit = '' } = node
      return `fetch ${id} ${nextResponse} ${nextTunnel} ${collectBodyBefore} ${bodyLimit}`
    }
    default:
      return JSON.stringify(node)
  }
}
