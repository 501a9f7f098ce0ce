import type { CollectBody, NodeId } from 'vane-core'
import type { Atom } from './atom.ts'
import { chooseLookup } from './choose-lookup.ts'
import type { Formula } from './formula.ts'
import { questionsOf, type LookupField } from './keys-of.ts'
import { planChoice } from './plan-choice.ts'
import { lowerFormula } from './lower-formula.ts'
import { partition, type Partition, type Tables } from './partition.ts'
import type { Outcome, Relations } from './relations.ts'
import { isLast, sizeOf, takeRules, type Cell, type RuleList } from './rule-list.ts'
import { BODY_LEVELS, CONNECTION_LEVELS, type Plan, type Situation } from './situation.ts'
import type { TestEmitter } from './test-emitter.ts'

/** What planning draws on. */
export interface PlanContext {
  readonly tables: Tables
  readonly emitter: TestEmitter
  readonly relations: Relations
  /** See `ChoiceOptions.work`. */
  readonly work: { left: number }
  /** How often something was not followed up for want of credit, so that a test may be repeated. */
  cuts: number
  /** See `GraphBounds.choiceRules`. */
  readonly choiceRules: number
}

/** What a test is planned for. */
export interface TestOptions {
  readonly situation: Situation
  /** Its list, whose head holds neither always nor never. */
  readonly list: Cell
  /** Levels that may be looked at, one bit each. */
  readonly levels: number
  /** Nodes and cases that may be spent on the list; at least its size. */
  readonly credit: number
}

// Past this, what a look-up copies into its cases leaves no credit for what comes after it.
const MAX_GROWTH = 4
// A rule that tests hundreds of things is not worth the hundreds of remainders it would leave.
const MAX_PRECISE_PARTS = 128

/**
 * Plans the next test of a list, one that gets on with its head.
 *
 * Each outcome leaves a list of its own, without what the outcome decides; so nothing is tested twice, and rules may be
 * copied. What that costs is taken from the credit. Where it does not reach, rules with different keys are decided apart and
 * a choice is made between what is found ({@link planChoice}), or the list is cut: the rules before the cut are decided alone
 * and then lead into what follows it, which all of them share.
 */
export function planTest(context: PlanContext, options: TestOptions): Plan {
  const { formulas } = context.tables
  const { situation, list, levels, credit } = options
  const formula = list.formula!
  const { lookups, opaque } = questionsOf(formula, levels)
  const isDecidable = situation.stage === 'request' || (formula.levels & ~CONNECTION_LEVELS) === 0
  if (formula.parts.length > MAX_PRECISE_PARTS || (isDecidable && context.relations.isAlone(formula))) {
    return planHead(context, options)
  }
  if (lookups.length === 0) return planCheck(context, options, opaque!)

  const ratio = credit / list.size
  const choice = chooseLookup(list, { formulas, fields: lookups, ratio, ...context })
  const isSmall = choice.isOpen && choice.cost <= MAX_GROWTH * list.size
  const parts = isSmall ? undefined : planChoice(context, options, choice.isOpen ? 0 : choice.rules)
  if (parts !== undefined) return parts
  let { isOpen } = choice
  for (let limit = choice.rules; limit >= 1; limit >>= 1) {
    const plan = planLookup(context, options, { lookup: choice.lookup, limit, isOpen })
    if (plan !== undefined) return plan
    isOpen = false
  }
  return planHead(context, options)
}

/** The head by itself, as it is written, and then the rest of the list. */
export function planHead(context: PlanContext, { situation, list }: TestOptions): Plan {
  const { tables, emitter, relations } = context
  const { formulas, lists } = tables
  const original = list.formula!
  const isRequest = situation.stage === 'request'
  // Of a head that cannot be decided before there is a request: whether it can still hold.
  const formula = isRequest ? original : formulas.upperBound(original, CONNECTION_LEVELS)
  if (formula !== original || !relations.isAlone(original)) context.cuts++
  const rest: Situation = { ...situation, list: list.next }
  const joint = lists.joint(list.next)
  const matched: Situation =
    formula === original
      ? { ...situation, list: lists.add(formulas.true, list.entry!, joint) }
      : { ...situation, stage: 'upgrade', list: lists.add(original, list.entry!, joint) }
  const mayCollect = !situation.isCollected && (formula.levels & BODY_LEVELS) !== 0
  const collected = mayCollect
    ? [
        { ...rest, isCollected: true },
        { ...matched, isCollected: true },
      ]
    : []
  return {
    next: [rest, matched, ...collected],
    emit: ([miss, match, missCollected = miss, matchCollected = match]) => {
      const ends = lowerFormula(emitter, formula, {
        onMatch: { plain: match!, collected: matchCollected! },
        onMiss: { plain: miss!, collected: missCollected! },
        body: bodyMark(list),
      })
      return situation.isCollected ? ends.collected : ends.plain
    },
  }
}

function planLookup(
  context: PlanContext,
  { situation, list, credit }: TestOptions,
  { lookup, limit, isOpen }: { readonly lookup: LookupField; readonly limit: number; readonly isOpen: boolean },
): Plan | undefined {
  const { tables, emitter, work } = context
  const { rules, rest } = takeRules(list, limit)
  work.left = Math.max(0, work.left - rules.length)
  const isCut = !isOpen && rest?.formula !== undefined
  // The list after a cut keeps its share of the credit.
  const kept = isCut ? Math.ceil((credit / list.size) * rest.size) : 0
  const parts = partition(tables, {
    rules,
    rest: isCut ? tables.lists.joint(rest) : rest,
    lookup,
    maxSize: credit - kept,
  })
  if (parts === undefined) return undefined
  if (isCut) context.cuts++
  // What follows the cut comes first: all others lead into it.
  const lists: RuleList[] = isCut ? [rest, ...parts.lists] : [...parts.lists]
  return {
    next: lists.map((left) => ({ ...situation, list: left })),
    emit: (nodes) => emitLookup(emitter, lookup, { parts, nodes: isCut ? nodes.slice(1) : nodes }),
  }
}

function emitLookup(
  emitter: TestEmitter,
  lookup: LookupField,
  { parts, nodes }: { readonly parts: Partition; readonly nodes: readonly NodeId[] },
): NodeId {
  const targets = parts.listOf.map((index) => nodes[index]!)
  return emitter.lookup(lookup, { items: parts.items, targets, otherwise: nodes[0]! })
}

/** One comparison that no look-up decides. */
function planCheck(context: PlanContext, options: TestOptions, atom: Atom): Plan {
  const { emitter, relations } = context
  const { situation, list, credit } = options
  const isBody = 1 << atom.level === BODY_LEVELS && !situation.isCollected
  const after = (truth: boolean): Situation => ({
    ...situation,
    list: substituteAll(context, list, { atom, outcome: relations.outcome(atom, truth) }),
    isCollected: situation.isCollected || isBody,
  })
  const match = after(true)
  const miss = after(false)
  if (sizeOf(match.list) + sizeOf(miss.list) + 1 > credit) return planHead(context, options)
  const body = isBody ? bodyMark(list) : undefined
  return {
    next: [miss, match],
    emit: ([onMiss, onMatch]) => emitter.check(atom.predicate, { onMatch: onMatch!, onMiss: onMiss!, body }),
  }
}

/** The rules of a list with what is known put in. The end of the list that it does not concern stays as it is. */
function substituteAll(
  { tables, work, relations }: PlanContext,
  list: Cell,
  { atom, outcome }: { readonly atom: Atom; readonly outcome: Outcome },
): RuleList {
  const { formulas, lists } = tables
  // Where nothing else can be concerned, or all time for looking has been spent, the head is all.
  const limit = outcome.isLocal ? 1 : Math.max(1, work.left)
  const last = relations.lastOf(atom.field)
  const narrowed: { readonly formula: Formula; readonly cell: Cell }[] = []
  let changed = 0
  let cell: RuleList = list
  for (; cell?.formula !== undefined && cell.entry!.index <= last && narrowed.length < limit; cell = cell.next) {
    const formula = formulas.substitute(cell.formula, outcome)
    narrowed.push({ formula, cell })
    if (formula !== cell.formula) changed = narrowed.length
    if (isLast({ formula, entry: cell.entry! }, { hasBytes: list.hasBytes, isFirst: false })) break
  }
  if (!outcome.isLocal) work.left = Math.max(0, work.left - narrowed.length)
  if (changed === 0) return list
  const left = narrowed
    .slice(0, changed)
    .filter(({ formula }) => formula.kind !== 'false')
    .map(({ formula, cell: { entry } }) => ({ formula, entry: entry! }))
  return lists.prepend(left, narrowed[changed - 1]!.cell.next)
}

/** The body a check collects may be as large as the first rule that looks at it says. */
function bodyMark({ entry }: Cell): CollectBody {
  return { collectBodyBefore: 'request', bodyLimit: entry!.analyzed.rule.maxBodyBytesRequest }
}
