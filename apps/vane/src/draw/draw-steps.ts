import type { DispatchCase, Edge, Node } from 'vane-core'
import { nodeEdges } from './node-edges.ts'
import { caseWords, listWords } from './predicate-words.ts'
import { visibleText } from './visible-text.ts'

/** How an edge is drawn: `hit` and `miss` are the answers of a test, `more` leads to what was left out. */
export type DrawEdgeKind = 'flow' | 'hit' | 'miss' | 'error' | 'more'

/** A way out of a node as it is drawn: the cases of a dispatch that lead to the same node are one. */
export interface DrawStep {
  readonly kind: DrawEdgeKind
  readonly to: number
  readonly label: string
  readonly tooltip: string
}

/** What a node's edges become, and the cases of a long dispatch that are not drawn. */
export interface DrawSteps {
  readonly steps: readonly DrawStep[]
  readonly elided: readonly DispatchCase[]
}

const LABEL_MAX_CHARS = 34
const TOOLTIP_MAX_VALUES = 20

/** Groups a node's edges; of a dispatch at most `maxCases` groups are drawn. */
export function drawSteps(node: Node, maxCases: number): DrawSteps {
  if (node.kind !== 'dispatch') return { steps: nodeEdges(node).map(({ edge, to }) => plainStep(edge, to)), elided: [] }

  const groups = new Map<number, string[]>()
  for (const item of node.cases) {
    const [, to] = item
    const group = groups.get(to)
    if (group === undefined) groups.set(to, [caseWords(item)])
    else group.push(caseWords(item))
  }
  // A box that says "1 more" takes the room of the one.
  const drawn = new Set([...groups.keys()].slice(0, groups.size <= maxCases + 1 ? groups.size : maxCases))
  const steps = [...drawn].map((to) => caseStep(groups.get(to) ?? [], to))
  return {
    steps: [...steps, plainStep('default', node.default)],
    elided: node.cases.filter(([, to]) => !drawn.has(to)),
  }
}

/** The values of left-out cases, for a tooltip. */
export function elidedWords(elided: DrawSteps['elided']): string {
  return listWords(
    elided.slice(0, TOOLTIP_MAX_VALUES).map((item) => visibleText(caseWords(item), LABEL_MAX_CHARS)),
    TOOLTIP_MAX_VALUES,
  )
}

function caseStep(words: readonly string[], to: number): DrawStep {
  return {
    kind: 'hit',
    to,
    label: visibleText(listWords(words, 2), LABEL_MAX_CHARS),
    tooltip: listWords(
      words.slice(0, TOOLTIP_MAX_VALUES + 2).map((word) => visibleText(word, 80)),
      TOOLTIP_MAX_VALUES,
    ),
  }
}

const PLAIN_STEPS: Readonly<Record<Edge, readonly [kind: DrawEdgeKind, label: string]>> = {
  onMatch: ['hit', 'match'],
  onMiss: ['miss', 'miss'],
  case: ['hit', ''],
  default: ['miss', 'else'],
  onWin: ['hit', 'if first'],
  next: ['flow', ''],
  otherwise: ['miss', 'not HTTP'],
  onError: ['error', 'on error'],
  nextResponse: ['flow', ''],
  nextTunnel: ['flow', ''],
}

function plainStep(edge: Edge, to: number): DrawStep {
  const [kind, label] = PLAIN_STEPS[edge]
  return { kind, to, label, tooltip: label }
}
