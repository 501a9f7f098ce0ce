import {
  VaneError,
  type CandidateNode,
  type CheckNode,
  type ChooseNode,
  type DispatchNode,
  type SymbolicFlowGraph,
} from 'vane-core'
import { edgesOf } from '../compile/validate/edges-of.ts'
import { createAddressReader, createFieldReader, type AddressReader, type FieldReader } from './field-reader.ts'
import { Lookups } from './lookup.ts'
import { createPredicateTest, type PredicateTest } from './predicate-test.ts'

/** Begins every step in {@link MatchProgram.code}: one of the codes below, then the node it was made from. */
export const CODE = 0
/** Index of the node in the graph. */
export const NODE = 1
/** A check: index of its test. */
export const TEST = 2
/** A check: where it leads if it holds. */
export const ON_MATCH = 3
/** A check: where it leads if it misses. */
export const ON_MISS = 4
/** A dispatch: index of its field's reader. */
export const READER = 2
/** A dispatch on an address: index of the reader of its bytes. */
export const ADDRESS_READER = 3
/** A dispatch: its look-up begins here. */
export const LOOKUP = 4

/** A candidate: the place of its rule. */
export const PLACE = 2
/** A candidate: where its rule begins. */
export const ON_WIN = 3
/** A candidate: where it goes on. */
export const NEXT = 4
/** A choice: where it leads if there are no candidates. */
export const DEFAULT = 2

/** Evaluates a test and takes one of two ways. */
export const CODE_CHECK = 0
/** Looks a field up and takes the way of its case. */
export const CODE_DISPATCH = 1
/** Notes a rule. */
export const CODE_CANDIDATE = 2
/** Goes to the first of the noted rules. */
export const CODE_CHOOSE = 3

/** What {@link MatchProgram.starts} has for a node that is no step of the program. */
export const NOT_HERE = -1

/**
 * The nodes of a graph that find the rule, in one array: with ten thousand rules, what a match costs is how many places of
 * memory it touches, and an object for each node would be two of them at every step.
 *
 * Where a step leads is an even number for another step, twice its place in `code`; and an odd one for a node at which the
 * program ends, twice its index plus one.
 */
export interface MatchProgram {
  readonly code: Int32Array
  /** For each node of the graph its place in `code`, or {@link NOT_HERE}: it does something else, or needs a body first. */
  readonly starts: Int32Array
  readonly tests: readonly PredicateTest[]
  readonly readers: readonly FieldReader[]
  readonly addressReaders: readonly AddressReader[]
  readonly lookups: Lookups
}

/**
 * Writes the program of a valid graph.
 *
 * @throws VaneError of kind `compile` where this version cannot read a field or compare so, or tests lead in a circle.
 */
export function createMatchProgram(graph: SymbolicFlowGraph): MatchProgram {
  return new Writer(graph).write()
}

type Step = (CheckNode | DispatchNode | CandidateNode | ChooseNode) & { readonly index: number }

class Writer {
  readonly #graph: SymbolicFlowGraph
  readonly #code: number[] = []
  readonly #starts: Int32Array
  readonly #isExpanded: Uint8Array
  readonly #lookups = new Lookups(this.#code)
  readonly #tests = new Pool<PredicateTest>()
  readonly #readers = new Pool<FieldReader>()
  readonly #addressReaders = new Pool<AddressReader>()

  constructor(graph: SymbolicFlowGraph) {
    this.#graph = graph
    this.#starts = new Int32Array(graph.nodes.length).fill(NOT_HERE)
    this.#isExpanded = new Uint8Array(graph.nodes.length)
  }

  write(): MatchProgram {
    this.#graph.nodes.forEach((_node, index) => this.#writeFrom(index))
    const code = Int32Array.from(this.#code)
    this.#lookups.seal(code)
    return {
      code,
      starts: this.#starts,
      tests: this.#tests.list,
      readers: this.#readers.list,
      addressReaders: this.#addressReaders.list,
      lookups: this.#lookups,
    }
  }

  /** A step is written after those it leads to, so that where they are is known. No recursion: lists of rules are long. */
  #writeFrom(root: number): void {
    const pending = [root]
    for (let index = pending.at(-1); index !== undefined; index = pending.at(-1)) {
      const step = this.#stepOf(index)
      const open = step === undefined ? [] : targetsOf(step).filter((to) => this.#stepOf(to) !== undefined)
      if (open.length > 0) {
        // What it leads to is written before it is met again, unless that leads back.
        if (this.#isExpanded[index] === 1)
          throw new VaneError({ kind: 'compile' }, `node ${index} leads back to itself`)
        this.#isExpanded[index] = 1
        for (const to of open) pending.push(to)
        continue
      }
      pending.pop()
      if (step !== undefined) this.#starts[index] = this.#writeStep(step)
    }
  }

  /** The step of a node; `undefined` if it has been written or is none. */
  #stepOf(index: number): Step | undefined {
    const node = this.#graph.nodes[index]
    if (node === undefined || this.#starts[index] !== NOT_HERE) return undefined
    switch (node.kind) {
      case 'check':
        return node.collectBodyBefore === undefined ? { ...node, index } : undefined
      case 'dispatch':
      case 'candidate':
      case 'choose':
        return { ...node, index }
      default:
        return undefined
    }
  }

  #writeStep(step: Step): number {
    const start = this.#code.length
    switch (step.kind) {
      case 'check': {
        const test = this.#tests.indexOf(step.predicate, () => this.#testOf(step))
        this.#code.push(CODE_CHECK, step.index, test, this.#wayTo(step.onMatch), this.#wayTo(step.onMiss))
        break
      }
      case 'dispatch':
        this.#writeDispatch(step)
        break
      case 'candidate':
        this.#code.push(CODE_CANDIDATE, step.index, step.place, this.#wayTo(step.onWin), this.#wayTo(step.next))
        break
      case 'choose':
        this.#code.push(CODE_CHOOSE, step.index, this.#wayTo(step.default))
        break
    }
    return start
  }

  #writeDispatch(step: DispatchNode & { readonly index: number }): void {
    const { field, lookup } = step
    const reader = this.#readers.indexOf(field, () => {
      return createFieldReader(field) ?? this.#unable(step, `field ${field}`)
    })
    const createBytes = lookup === 'cidr' ? createAddressReader(field) : undefined
    const bytes = createBytes === undefined ? NOT_HERE : this.#addressReaders.indexOf(field, () => createBytes)
    this.#code.push(CODE_DISPATCH, step.index, reader, bytes)
    const cases = step.cases.map(([value, to, match]) => [value, this.#wayTo(to), match] as const)
    this.#lookups.add({ lookup, cases, default: this.#wayTo(step.default) })
  }

  #wayTo(index: number): number {
    const start = this.#starts[index]
    return start === undefined || start === NOT_HERE ? index * 2 + 1 : start * 2
  }

  #testOf({ predicate: id, index }: CheckNode & { readonly index: number }): PredicateTest {
    const predicate = this.#graph.predicates[id]!
    return createPredicateTest(predicate) ?? this.#unable({ index }, `predicate ${predicate.field} ${predicate.op}`)
  }

  #unable({ index }: { readonly index: number }, what: string): never {
    const rule = this.#graph.nodeRules[index] ?? null
    const whose = rule === null ? 'several rules' : `rule ${JSON.stringify(rule)}`
    throw new VaneError({ kind: 'compile' }, `${whose}: this version of the engine has no ${what}`)
  }
}

function targetsOf(step: Step): readonly number[] {
  return edgesOf(step).map(({ to }) => to)
}

/** What steps share, once each. */
class Pool<T> {
  readonly list: T[] = []
  readonly #indices = new Map<string | number, number>()

  indexOf(key: string | number, create: () => T): number {
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    const index = this.list.push(create()) - 1
    this.#indices.set(key, index)
    return index
  }
}
