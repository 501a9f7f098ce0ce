import type { ListenerMeta, NodeId } from 'vane-core'
import type { AnalyzedRule } from '../analyze.ts'
import type { ListenerRules } from '../group-listeners.ts'
import { compactGraph, type GraphParts } from './compact-graph.ts'
import { decide } from './decide.ts'
import { FormulaTable } from './formula-table.ts'
import { GraphBuilder } from './graph-builder.ts'
import { listenerTraits } from './listener-traits.ts'
import { ActionLowering } from './lower-action.ts'
import { Relations } from './relations.ts'
import { ListTable, sizeOf, type Carrier, type Entry, type Ruling } from './rule-list.ts'
import { CarrierSplit } from './split-by-carrier.ts'
import { TestEmitter } from './test-emitter.ts'

/** What {@link lower} makes: the nodes of all listeners in one graph, and where each begins. */
export interface Lowered {
  readonly graph: GraphParts
  readonly listeners: Readonly<Record<string, ListenerMeta>>
  /**
   * How often the graph was kept small at the price of a test that may be repeated; 0 where every path tests only what is
   * open on it.
   */
  readonly cuts: number
}

/** How large the tests of a listener may become. */
export interface GraphBounds {
  /**
   * Checks, dispatches, cases, candidates and choices for each unit of the rules' size, which is how many values their `match` names, at least
   * one for each comparison.
   */
  readonly nodesPerSize: number
  /** As many in any case, so that small sets of rules are never cut. */
  readonly freeNodes: number
  /** From how many rules on those with different keys are decided apart, where deciding them together would be too large. */
  readonly choiceRules: number
}

/** A listener has at most `8 * size + 2048` checks, dispatches, cases, candidates and choices. */
export const GRAPH_BOUNDS: GraphBounds = { nodesPerSize: 8, freeNodes: 2_048, choiceRules: 16 }

/**
 * Builds the graph: for each listener the tests that find the first rule that matches, and for each rule what it does then.
 */
export function lower(listeners: readonly ListenerRules[], bounds: GraphBounds = GRAPH_BOUNDS): Lowered {
  const builder = new GraphBuilder()
  const emitter = new TestEmitter(builder)
  const actions = new ActionLowering(builder)
  const unmatched = builder.node({ kind: 'terminate', id: builder.terminator('close'), cause: 'unmatched' }, null)
  let cuts = 0

  const lowerListener = (rules: readonly AnalyzedRule[]): NodeId => {
    const formulas = new FormulaTable()
    const tables = { formulas, lists: new ListTable() }
    const rulings = rules
      .map((analyzed, index): Ruling => {
        const entry: Entry = { index, analyzed, carrier: carrierOf(analyzed) }
        return { formula: formulas.fromMatch(analyzed.rule.match), entry }
      })
      .filter(({ formula }) => formula.kind !== 'false')
    const list = tables.lists.prepend(rulings, undefined)
    const size = sizeOf(list)
    const context = {
      tables,
      emitter,
      split: new CarrierSplit(tables),
      unmatched,
      relations: new Relations(formulas, rulings),
      work: { left: 32 * rulings.length + FREE_WORK },
      cuts: 0,
      choiceRules: bounds.choiceRules,
      action: ({ analyzed }: Entry, { stage, isCollected }: { stage: string; isCollected: boolean }): NodeId =>
        actions.nodeOf(analyzed, { isRequest: stage === 'request', isCollected }),
      upgrade: (next: NodeId, otherwise: NodeId | undefined): NodeId =>
        builder.node({ kind: 'upgrade', next, ...(otherwise === undefined ? {} : { otherwise }) }, null),
    }
    const { nodesPerSize, freeNodes } = bounds
    // Half for the list itself, a quarter for what is met again in another state, a quarter for where even that ends.
    const credit = {
      planned: Math.max(size, Math.floor(nodesPerSize * size + freeNodes) >> 1),
      extra: Math.floor(nodesPerSize * size + freeNodes) >> 2,
    }
    const entry = decide(context, { list, stage: 'connection', isCollected: false }, credit)
    cuts += context.cuts
    return entry
  }

  const entries: [string, NodeId][] = []
  const metas: [string, ListenerMeta][] = []
  // Listeners with the same rules have the same tests.
  const known = new Map<string, NodeId>()
  for (const { spec, rules } of listeners) {
    const names = JSON.stringify(rules.map(({ rule }) => rule.name))
    const entry = known.get(names) ?? lowerListener(rules)
    known.set(names, entry)
    entries.push([spec.key, entry])
    const { transport, address } = spec
    const traits = listenerTraits(builder, entry)
    metas.push([spec.key, { transport, address, ...traits, rules: rules.map(({ rule }) => rule.name) }])
  }
  const graph = compactGraph({ ...builder.parts(), entries: Object.fromEntries(entries) })
  return { graph, listeners: Object.fromEntries(metas), cuts }
}

const FREE_WORK = 200_000

/** Where a rule can be carried out. Middleware on bytes must run before anything else has read them. */
function carrierOf({ rule, requestChain, responseChain }: AnalyzedRule): Carrier {
  const { type } = rule.terminate
  if (type === 'tcp_forward' || type === 'udp_forward') return 'bytes'
  const isOnBytes = requestChain.some(({ middleware: { meta } }) => meta.kind === 'l4-peek' || meta.kind === 'l4-bytes')
  if (isOnBytes) return 'bytes'
  const isSilent = requestChain.length === 0 && responseChain.length === 0
  return type === 'close' && isSilent ? 'any' : 'http'
}
