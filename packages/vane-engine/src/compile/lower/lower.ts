import type { ListenerMeta, NodeId } from 'vane-core'
import type { AnalyzedRule } from '../analyze.ts'
import type { ListenerRules } from '../group-listeners.ts'
import { GraphBuilder } from './graph-builder.ts'
import { lowerAction } from './lower-action.ts'
import { toAlternative, toConditions, type Alternative } from './alternative.ts'
import { lowerSequence } from './lower-sequence.ts'

/** What {@link lower} makes: the nodes of all listeners in one graph, and where each begins. */
export interface Lowered {
  readonly builder: GraphBuilder
  readonly entries: Readonly<Record<string, NodeId>>
  readonly listeners: Readonly<Record<string, ListenerMeta>>
}

/**
 * Builds the graph. A listener is walked from `l4Raw`; the rules that stand first and need no HTTP to be decided or carried
 * out (a `close` by address) come before `upgrade`, all others after it.
 */
export function lower(listeners: readonly ListenerRules[]): Lowered {
  const builder = new GraphBuilder()
  const entries: [string, NodeId][] = []
  const metas: [string, ListenerMeta][] = []
  // A rule on several listeners is one call site: its nodes are shared.
  const actions = new Map<string, NodeId>()
  const alternativeOf = (analyzed: AnalyzedRule): Alternative => {
    const action = (): NodeId => {
      const { name } = analyzed.rule
      const known = actions.get(name)
      if (known !== undefined) return known
      const made = lowerAction(builder, analyzed)
      actions.set(name, made)
      return made
    }
    return toAlternative(toConditions(analyzed.rule.match), action, { mayCopy: true })
  }

  for (const { spec, rules } of listeners) {
    const unmatched = builder.node({ kind: 'terminate', id: builder.terminator('close'), cause: 'unmatched' }, null)
    const firstL7 = rules.findIndex((analyzed) => !analyzed.isL4)
    const l4Rules = firstL7 === -1 ? rules : rules.slice(0, firstL7)
    const l7Rules = firstL7 === -1 ? [] : rules.slice(firstL7)
    const afterL4 =
      firstL7 === -1
        ? unmatched
        : builder.node(
            { kind: 'upgrade', next: lowerSequence(builder, l7Rules.map(alternativeOf), { otherwise: unmatched }) },
            null,
          )
    entries.push([spec.key, lowerSequence(builder, l4Rules.map(alternativeOf), { otherwise: afterL4 })])
    metas.push([
      spec.key,
      {
        transport: spec.transport,
        address: spec.address,
        kind: firstL7 === -1 ? 'raw' : 'http',
        needsPeek: false,
        rules: rules.map((analyzed) => analyzed.rule.name),
      },
    ])
  }
  return { builder, entries: Object.fromEntries(entries), listeners: Object.fromEntries(metas) }
}
