import { VaneError, type NodeId } from 'vane-core'
import { planHead, planTest, type PlanContext } from './plan-test.ts'
import { pastJoint, sizeOf, type Cell, type Entry, type Part } from './rule-list.ts'
import { CONNECTION_LEVELS, HEAD_LEVELS, type Plan, type Situation } from './situation.ts'
import type { CarrierSplit } from './split-by-carrier.ts'

/** What {@link decide} needs besides what planning needs. */
export interface DecideContext extends PlanContext {
  readonly split: CarrierSplit
  /** The first node of what a rule does. */
  action(entry: Entry, situation: Situation): NodeId
  upgrade(next: NodeId, otherwise: NodeId | undefined): NodeId
  /** Where a list ends of which no rule has matched. */
  readonly unmatched: NodeId
}

/** How large the graph of a listener may become. */
export interface Credit {
  /** Nodes and cases for the list itself, at least its size. */
  readonly planned: number
  /** For lists that are met a second time in another state: after their body was collected, or after `upgrade`. */
  readonly extra: number
}

/**
 * Builds the tests that find the first rule of a list that matches, and answers their first node.
 *
 * Situations are decided depth first, each once, on a stack of its own: a list of ten thousand rules may be a chain of as
 * many checks. Each has a credit, which it shares among those that follow it by their size; what one leaves over goes to
 * the next. Where even the least is not to be had, rules become checks one by one.
 */
export function decide(context: DecideContext, root: Situation, credit: Credit): NodeId {
  const nodes = new Map<number, NodeId>()
  const extra = { left: credit.extra }
  const stack: Frame[] = []

  const enter = (situation: Situation, given: number): void => {
    const size = sizeOf(situation.list)
    let granted = 0
    if (given < size && extra.left >= size) granted = Math.min(extra.left, 2 * size)
    extra.left -= granted
    const isPlain = Math.max(given, granted) < size
    const own = Math.max(given, granted)
    stack.push({
      situation,
      plan: planOf(context, situation, isPlain ? undefined : own),
      nodes: [],
      credit: own,
      granted,
      spentBefore: context.emitter.spent,
      pending: 0,
    })
    const frame = stack.at(-1)!
    for (const { list } of frame.plan.next) frame.pending += sizeOf(list)
  }

  const known = settle(context, root, nodes)
  if (known !== undefined) return known
  enter(root, credit.planned)
  for (let frame = stack.at(-1)!; ; frame = stack.at(-1)!) {
    const { plan } = frame
    const next = plan.next[frame.nodes.length]
    if (next !== undefined) {
      plan.prepare?.(frame.nodes)
      const id = settle(context, next, nodes)
      const size = sizeOf(next.list)
      if (id === undefined) {
        const left = frame.credit - (context.emitter.spent - frame.spentBefore)
        // In proportion to what is still to come, of which this is the first.
        enter(next, frame.pending === 0 ? 0 : Math.floor((left * size) / frame.pending))
        continue
      }
      frame.nodes.push(id)
      frame.pending -= size
      continue
    }
    const id = plan.emit(frame.nodes)
    nodes.set(keyOf(pastJoint(frame.situation.list)!, frame.situation), id)
    extra.left += Math.max(0, frame.granted - (context.emitter.spent - frame.spentBefore))
    stack.pop()
    if (stack.length === 0) return id
  }
}

interface Frame {
  readonly situation: Situation
  readonly plan: Plan
  /** Of those of `plan.next` that are decided. */
  readonly nodes: NodeId[]
  readonly credit: number
  /** Taken from the extra credit. */
  readonly granted: number
  readonly spentBefore: number
  /** Size of the lists in `plan.next` that are not decided. */
  pending: number
}

/** The node of a situation that has one already, or needs no test. */
function settle(context: DecideContext, situation: Situation, nodes: ReadonlyMap<number, NodeId>): NodeId | undefined {
  const list = pastJoint(situation.list)
  if (list === undefined) return context.unmatched
  if (list.end !== undefined) return leadsTo(list.end)
  const { formula, entry } = list
  const isCertain = formula!.kind === 'true'
  const needsUpgrade = situation.stage === 'upgrade' || (situation.stage === 'connection' && entry!.carrier === 'http')
  if (!isCertain || needsUpgrade) return nodes.get(keyOf(list, situation))
  const { part, index } = entry!
  const action = context.action(entry!, situation)
  return part === undefined ? action : context.emitter.candidate({ place: index, onWin: action, next: leadsTo(part) })
}

function leadsTo({ node }: Part): NodeId {
  if (node === undefined)
    throw new VaneError({ kind: 'internal' }, 'part of a rule list decided before what follows it')
  return node
}

const STAGES: Readonly<Record<Situation['stage'], number>> = { connection: 0, upgrade: 1, bytes: 2, request: 3 }

/** A number that is equal for equal situations; a joint is where it leads. */
function keyOf(list: Cell, { stage, isCollected }: Situation): number {
  return list.id * 8 + STAGES[stage] * 2 + Number(isCollected)
}

/** @param credit `undefined`: none, the head is checked by itself. */
function planOf(context: DecideContext, situation: Situation, credit: number | undefined): Plan {
  const list = pastJoint(situation.list)!
  const { stage } = situation
  if (stage === 'upgrade') return planUpgrade(context, { ...situation, list })
  const levels = levelsOf(list, stage)
  if (levels === 0) {
    return { next: [{ ...situation, list, stage: 'upgrade' }], emit: ([node]) => node! }
  }
  const options = { situation: { ...situation, list }, list, levels, credit: credit ?? list.size }
  return credit === undefined ? planHead(context, options) : planTest(context, options)
}

function planUpgrade({ split, upgrade }: DecideContext, situation: Situation): Plan {
  const request: Situation = { ...situation, stage: 'request', list: split.forRequests(situation.list) }
  if (situation.list?.hasBytes !== true) return { next: [request], emit: ([next]) => upgrade(next!, undefined) }
  const bytes: Situation = { ...situation, stage: 'bytes', list: split.forBytes(situation.list) }
  return { next: [request, bytes], emit: ([next, otherwise]) => upgrade(next!, otherwise) }
}

/**
 * The levels the head may be tested on now; 0 where only reading a request gets on. Before `upgrade` only what must be
 * known by then is tested: whether bytes are forwarded, and closes that need no request and come first.
 */
function levelsOf({ formula, entry, hasBytes }: Cell, stage: Situation['stage']): number {
  const { levels } = formula!
  if (stage === 'request') return (levels & HEAD_LEVELS) === 0 ? levels : levels & HEAD_LEVELS
  const isClose = entry!.carrier === 'any' && (levels & ~CONNECTION_LEVELS) === 0
  if (stage === 'connection' && !hasBytes && !isClose) return 0
  const here = levels & CONNECTION_LEVELS
  // What is known without peeking first.
  return (here & 1) === 0 ? here : 1
}
