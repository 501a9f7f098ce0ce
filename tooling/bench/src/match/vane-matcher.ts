import type { Node, SymbolicFlowGraph } from '../../../../packages/vane-core/src/index.ts'
import { compile } from '../../../../packages/vane-engine/src/compile/compile.ts'
import { Lookups } from '../../../../packages/vane-engine/src/link/lookup.ts'
import type { Matcher } from './matcher.ts'
import type { Route, Target } from './route-set.ts'

/** A matcher and what is to be known of the graph it walks. */
export interface VaneMatcher extends Matcher {
  /** Checks, dispatches and their cases. */
  readonly tests: number
  readonly nodes: number
  /** How many nodes a request's walk visits. */
  stepsOf(target: Target): number
}

/** Rules as an operator would write them, compiled and linked: the part of a walk that finds the rule. */
export function createVaneMatcher(routes: readonly Route[]): VaneMatcher {
  const rules = routes.map(({ host, path }, index) => ({
    name: `rule-${index}`,
    listen: [':8080'],
    match: [{ 'http.host': { equals: host } }, { 'http.uri.path': { path_prefix: path } }],
    terminate: { type: 'http_proxy', upstream: '127.0.0.1:9000' },
  }))
  const text = JSON.stringify({ rules }, null, 2)
  const begin = performance.now()
  const { graph, diagnostics } = compile({ files: [{ path: 'rules/bench.json', text }] })
  if (graph === undefined) throw new Error(`the rules do not compile: ${diagnostics[0]?.message}`)
  const steps = new Steps(graph)
  const buildMs = performance.now() - begin

  const entry = graph.entries['tcp::8080']!
  return {
    name: 'vane',
    buildMs,
    nodes: graph.nodes.length,
    tests: graph.nodes.reduce((sum, node) => sum + sizeOf(node), 0),
    find: (target) => steps.findRule(entry, target),
    stepsOf: (target) => steps.count(entry, target),
    isFound: (answer) => typeof answer === 'number' && graph.nodes[answer]!.kind === 'fetch',
  }
}

const END = 0
const PASS = 1
const CHECK = 2
const LOOKUP_HOST = 3
const LOOKUP_PATH = 4

/** The nodes that test, in arrays: with many rules, a walk costs what it touches of memory. */
class Steps {
  readonly #kinds: Uint8Array
  /** Where a node leads without a test or on a miss; of a dispatch, its handle. */
  readonly #next: Int32Array
  readonly #onMatch: Int32Array
  readonly #checks: (((target: Target) => boolean) | undefined)[] = []
  readonly #lookups = new Lookups()

  constructor({ nodes, predicates }: SymbolicFlowGraph) {
    this.#kinds = new Uint8Array(nodes.length)
    this.#next = new Int32Array(nodes.length)
    this.#onMatch = new Int32Array(nodes.length)
    nodes.forEach((node, id) => {
      if (node.kind === 'upgrade') {
        this.#kinds[id] = PASS
        this.#next[id] = node.next
      } else if (node.kind === 'dispatch') {
        this.#kinds[id] = node.field === 'http.host' ? LOOKUP_HOST : LOOKUP_PATH
        this.#next[id] = this.#lookups.add(node)
      } else if (node.kind === 'check') {
        this.#kinds[id] = CHECK
        this.#next[id] = node.onMiss
        this.#onMatch[id] = node.onMatch
        this.#checks[id] = toCheck(predicates[node.predicate]!)
      }
    })
    this.#lookups.seal()
  }

  findRule(entry: number, target: Target): number {
    let id = entry
    while (this.#kinds[id] !== END) id = this.#step(id, target)
    return id
  }

  count(entry: number, target: Target): number {
    let steps = 1
    for (let id = entry; this.#kinds[id] !== END; steps++) id = this.#step(id, target)
    return steps
  }

  #step(id: number, target: Target): number {
    switch (this.#kinds[id]) {
      case LOOKUP_HOST:
        return this.#lookups.find(this.#next[id]!, target.host)
      case LOOKUP_PATH:
        return this.#lookups.find(this.#next[id]!, target.path)
      case CHECK:
        return this.#checks[id]!(target) ? this.#onMatch[id]! : this.#next[id]!
      default:
        return this.#next[id]!
    }
  }
}

/** Only what these rules have: whole values and path prefixes. */
function toCheck({ op, field, value }: SymbolicFlowGraph['predicates'][number]): (target: Target) => boolean {
  const key = field === 'http.host' ? 'host' : 'path'
  const text = String(value)
  if (op === 'equals') return (target) => target[key] === text
  if (op === 'path_prefix') return (target) => target[key] === text || target[key].startsWith(`${text}/`)
  throw new Error(`the benchmark has no check for ${op}`)
}

function sizeOf(node: Node): number {
  return node.kind === 'check' ? 1 : node.kind === 'dispatch' ? 1 + node.cases.length : 0
}
