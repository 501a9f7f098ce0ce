import type { Phase, SymbolicFlowGraph } from 'vane-core'
import { drawSteps, elidedWords, type DrawEdgeKind, type DrawSteps } from './draw-steps.ts'
import { plural } from '../output/format.ts'
import { listenerWords, nodeWords, type BoxWords } from './node-words.ts'
import { PHASE_ORDER, placeNodes } from './place-nodes.ts'
import { selectNodes } from './select-nodes.ts'
import { visibleText } from './visible-text.ts'

/** A column of the picture: the listeners, or a phase. */
export type DrawBandId = 'listeners' | Phase

/** One band; bands without a box are left out. */
export interface DrawBand {
  readonly id: DrawBandId
  readonly title: string
}

/** One listener or node, or the place of those that were left out. */
export interface DrawBox extends BoxWords {
  /** Letters, digits and hyphens; unique in the model. */
  readonly id: string
  readonly band: DrawBandId
}

/** One arrow between boxes. */
export interface DrawEdge {
  readonly from: string
  readonly to: string
  readonly kind: DrawEdgeKind
  /** Answer that leads here: `match`, a case's values, `on error`; may be empty. */
  readonly label: string
  /** Name of the rule that is entered here. */
  readonly rule: string | undefined
  readonly tooltip: string
}

/** What is drawn, whatever the format. All texts are single lines without control characters. */
export interface DrawModel {
  readonly title: string
  /** Listeners, rules and version, in words. */
  readonly summary: string
  readonly versionHash: string
  /** What was left out; absent where everything is drawn. */
  readonly note: string | undefined
  /** From left to right. */
  readonly bands: readonly DrawBand[]
  /** In matching order within a band. */
  readonly boxes: readonly DrawBox[]
  readonly edges: readonly DrawEdge[]
}

/** What to draw of a graph. */
export interface DrawOptions {
  readonly title?: string
  /** Draws every node and case; the limits do not hold. */
  readonly full?: boolean
  readonly maxNodes?: number
  readonly maxCases?: number
}

/**
 * What a picture holds unless `full` is asked for: more is neither readable nor quick to lay out. Pictures of ordinary
 * rules so stay below Mermaid's own limits (500 edges, 50,000 characters) too.
 */
export const DRAW_LIMITS: { readonly maxNodes: number; readonly maxCases: number } = { maxNodes: 120, maxCases: 12 }

const BAND_TITLES: Readonly<Record<DrawBandId, string>> = {
  listeners: 'Listeners',
  l4Raw: 'L4',
  l4Peeked: 'L4 peeked',
  l7Request: 'L7 request',
  l7Response: 'L7 response',
  tunnel: 'Tunnel',
}

const RULE_MAX_CHARS = 32

/** What a picture of a graph shows. Pure, and the same for the same graph; takes graphs that no compiler would make, too. */
export function drawModel(graph: SymbolicFlowGraph, options: DrawOptions = {}): DrawModel {
  const maxCases = options.full === true ? Number.POSITIVE_INFINITY : (options.maxCases ?? DRAW_LIMITS.maxCases)
  const maxNodes = options.full === true ? Number.POSITIVE_INFINITY : (options.maxNodes ?? DRAW_LIMITS.maxNodes)
  const phases = placeNodes(graph)
  const stepsOf = memoised((id: number): DrawSteps => {
    const node = graph.nodes[id]
    return node === undefined ? { steps: [], elided: [] } : drawSteps(node, maxCases)
  })
  const entries = Object.entries(graph.entries)
  const { drawn, hidden } = selectNodes(
    entries.map(([, id]) => id),
    stepsOf,
    maxNodes,
  )
  const isDrawn = new Set(drawn)
  const hiddenByPhase = Map.groupBy(hidden, (id) => phaseOf(id))

  const boxes: DrawBox[] = entries.map(([key], at) => ({
    id: `listener-${at}`,
    band: 'listeners',
    ...listenerWords(key, graph),
  }))
  const edges: DrawEdge[] = []
  const left = new Set<string>()
  entries.forEach(([, to], at) => connect(`listener-${at}`, undefined, { kind: 'flow', to, label: '', tooltip: '' }))
  for (const id of drawn) {
    boxes.push({ id: `n${id}`, band: phaseOf(id), ...nodeWords(id, graph) })
    const { steps, elided } = stepsOf(id)
    for (const step of steps) connect(`n${id}`, id, step)
    if (elided.length === 0) continue
    const band = elided.reduce<Phase>(
      (first, [, to]) => (rank(phaseOf(to)) < rank(first) ? phaseOf(to) : first),
      'tunnel',
    )
    boxes.push(moreBox(`more-n${id}`, band, plural(elided.length, 'more value'), elidedWords(elided)))
    edges.push({ from: `n${id}`, to: `more-n${id}`, kind: 'more', label: 'others', rule: undefined, tooltip: '' })
  }
  for (const [phase, ids] of hiddenByPhase) {
    const id = `more-${phase}`
    if (edges.some(({ to }) => to === id)) boxes.push(moreBox(id, phase, plural(ids.length, 'more node'), 'not drawn'))
  }

  const used = new Set(boxes.map(({ band }) => band))
  return {
    title: visibleText(options.title ?? 'FlowGraph', 80),
    summary: summaryOf(graph),
    versionHash: visibleText(graph.meta.versionHash, 64),
    note:
      drawn.length >= phases.size ? undefined : `${drawn.length} of ${phases.size} nodes drawn; --full draws them all`,
    bands: bandOrder()
      .filter((id) => used.has(id))
      .map((id) => ({ id, title: BAND_TITLES[id] })),
    boxes: bandOrder().flatMap((band) => boxes.filter((box) => box.band === band)),
    edges,
  }

  function phaseOf(id: number): Phase {
    return phases.get(id) ?? 'l4Raw'
  }

  function connect(from: string, fromId: number | undefined, step: DrawSteps['steps'][number]): void {
    const { kind, to, label, tooltip } = step
    const rule = graph.nodeRules[to] ?? undefined
    const isEntered = rule !== undefined && (fromId === undefined || graph.nodeRules[fromId] !== rule)
    const named = isEntered ? visibleText(rule, RULE_MAX_CHARS) : undefined
    const hint = isEntered
      ? [tooltip, `rule ${visibleText(rule, 200)}`].filter((line) => line !== '').join(' · ')
      : tooltip
    if (isDrawn.has(to)) {
      edges.push({ from, to: `n${to}`, kind, label, rule: named, tooltip: hint })
      return
    }
    // However many cases lead out of the picture, one arrow says so.
    const out = `more-${phaseOf(to)}`
    if (left.has(`${from} ${out}`)) return
    left.add(`${from} ${out}`)
    edges.push({ from, to: out, kind: 'more', label, rule: undefined, tooltip: '' })
  }
}

function moreBox(id: string, band: Phase, label: string, tooltip: string): DrawBox {
  return { id, band, kind: 'more', label: `… ${label}`, details: [], tooltip: [tooltip] }
}

function summaryOf(graph: SymbolicFlowGraph): string {
  const rules = new Set(Object.values(graph.meta.listeners).flatMap(({ rules: names }) => names))
  const version = visibleText(graph.meta.versionHash.slice(0, 12))
  return `${plural(Object.keys(graph.entries).length, 'listener')} · ${plural(rules.size, 'rule')} · version ${version}`
}

function bandOrder(): DrawBandId[] {
  return ['listeners', ...PHASE_ORDER]
}

function rank(phase: Phase): number {
  return PHASE_ORDER.indexOf(phase)
}

function memoised<T>(make: (id: number) => T): (id: number) => T {
  const made = new Map<number, T>()
  return (id) => {
    const known = made.get(id)
    if (known !== undefined) return known
    const fresh = make(id)
    made.set(id, fresh)
    return fresh
  }
}
