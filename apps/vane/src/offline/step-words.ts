import {
  evaluatePredicate,
  type CandidateNode,
  type FieldValue,
  type ReadField,
  type SymbolicFlowGraph,
} from 'vane-core'
import type { WalkStep } from 'vane-engine/compile'
import { fetchLine } from '../draw/node-words.ts'
import { caseWords, fieldWords, predicateWords, valueWords } from '../draw/predicate-words.ts'

const MAX_VALUE_CHARS = 80

/** One step of a walk in words: what was looked at, how it turned out, and why. Not escaped. */
export function stepWords(graph: SymbolicFlowGraph, { node: id, edge, found, won }: WalkStep, read: ReadField): string {
  const node = graph.nodes[id]!
  switch (node.kind) {
    case 'check': {
      const predicate = graph.predicates[node.predicate]!
      const outcome = evaluatePredicate(predicate, read) ? 'held' : 'missed'
      return `check ${predicateWords(predicate)}: ${outcome}, ${actualWords(predicate.field, read)}`
    }
    case 'dispatch': {
      const looked = `look up ${fieldWords(node.field)} among ${node.cases.length}: `
      const actual = actualWords(node.field, read)
      return found === undefined ? `${looked}none of them, ${actual}` : `${looked}found ${caseWords(found)}, ${actual}`
    }
    case 'candidate':
      return `rule ${ruleAt(graph, node)} holds; whether one before it does is looked at next`
    case 'choose': {
      const winner = won === undefined ? undefined : graph.nodes[won]
      return winner?.kind === 'candidate'
        ? `of the rules that hold, ${ruleAt(graph, winner)} comes first`
        : 'none of the rules looked at so far holds'
    }
    case 'upgrade':
      return edge === 'next' ? 'the connection becomes HTTP' : 'the connection does not speak HTTP'
    case 'middleware':
      return `run ${graph.middlewares[node.id]!.name}`
    case 'fetch':
      return `fetch: ${fetchLine(graph.fetches[node.id]!.spec)}`
    case 'terminate':
      switch (graph.terminators[node.id]) {
        case 'writeHttpResponse':
          return 'write the response'
        case 'byteTunnel':
          return 'pass bytes both ways'
        default:
          return node.cause === 'unmatched'
            ? 'no rule matched: 404 after the upgrade, a reset before'
            : 'close the connection'
      }
  }
}

function ruleAt(graph: SymbolicFlowGraph, { onWin, place }: CandidateNode): string {
  return graph.nodeRules[onWin] ?? `number ${place + 1}`
}

/** What a field is: `host is a.test`, `header x is absent`. Not escaped. */
export function actualWords(field: string, read: ReadField): string {
  const value = read(field)
  return `${fieldWords(field)} is ${value === undefined ? 'absent' : shown(value)}`
}

function shown(value: FieldValue): string {
  const text = typeof value === 'object' ? `{${value.join(', ')}}` : valueWords(String(value))
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : text
}
