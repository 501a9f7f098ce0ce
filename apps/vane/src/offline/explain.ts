import type { ReadField, Rule, SymbolicFlowGraph } from 'vane-core'
import { walk, type Walk } from 'vane-engine/compile'
import { comparesPaths, readDescribed } from 'vane-engine/config'
import { plural } from '../output/format.ts'
import { printable } from '../output/blocks.ts'
import { chooseListener } from './choose-listener.ts'
import { findNearRules, type NearRule } from './near-rules.ts'
import type { OfflineCommand } from './offline-command.ts'
import { parseRequest } from './parse-request.ts'
import { fieldsOf, predicateText } from './predicate-text.ts'
import { readConfig, reportOf } from './read-config.ts'
import { actualWords, stepWords } from './step-words.ts'

const MAX_NEAR = 5
const AMBIGUOUS = 'the path can be read in more than one way'

/** `vane explain DIR`. */
export const explainCommand: OfflineCommand = {
  name: 'explain',
  usage: `explain DIR --request 'GET https://a.test/x'`,
  summary: 'which rule a request would get, and why',
  takes: ['json', 'request', 'headers', 'from', 'sni', 'listener'],
  async run(dir, options, surroundings) {
    const request = parseRequest(options)
    const config = await readConfig(dir, surroundings)
    const stderr = reportOf(config, surroundings)
    const { graph, rules } = config
    if (graph === undefined) return { stdout: '', stderr, exitCode: 1 }
    const listener = chooseListener(graph, request.port, options.listener)
    const { address } = graph.meta.listeners[listener]!
    const local = address.kind === 'ip' ? { 'local.ip': address.host } : {}
    const read = readDescribed({ ...request, fields: { ...request.fields, ...local } })
    if (comparesPaths(graph) && read('http.uri.path') === undefined) {
      // The engine refuses it before the first node.
      const refused = { listener, rule: null, refused: { status: 400, reason: AMBIGUOUS } }
      const stdout = options.json
        ? `${JSON.stringify(refused)}\n`
        : `listener ${listener}\n\nrefused with 400: ${AMBIGUOUS}\n`
      return { stdout, stderr, exitCode: 0 }
    }
    const walked = walk(graph, read, { listener })!
    const byName = new Map(rules.map((rule) => [rule.name, rule]))
    const ordered = graph.meta.listeners[listener]!.rules.flatMap((name) => byName.get(name) ?? [])
    const story = { graph, listener, walked, read, ordered }
    const stdout = options.json ? `${JSON.stringify(toJson(story))}\n` : printable(`${toText(story).join('\n')}\n`)
    return { stdout, stderr, exitCode: 0 }
  },
}

interface Story {
  readonly graph: SymbolicFlowGraph
  readonly listener: string
  readonly walked: Walk
  readonly read: ReadField
  /** Rules of the listener in matching order. */
  readonly ordered: readonly Rule[]
}

function toText({ graph, listener, walked, read, ordered }: Story): string[] {
  const { close, late } = findNearRules(ordered, walked.rule, read)
  const steps = walked.steps.map((step, at) => `${String(at + 1).padStart(3)}. ${stepWords(graph, step, read)}`)
  return [
    `listener ${listener}, ${plural(ordered.length, 'rule')}`,
    ...steps,
    '',
    verdict(graph, walked.rule),
    ...list('came close:', close, ({ name, missed }) => `${name}: ${missed.map((part) => why(part, read)).join('; ')}`),
    ...list('would match too, but are tried later:', late, ({ name }) => name),
  ]
}

function verdict(graph: SymbolicFlowGraph, rule: string | null): string {
  if (rule === null) return 'no rule matches'
  const source = graph.meta.ruleSources[rule]
  return `rule ${rule} wins${source === undefined ? '' : ` (${source.file}:${source.line})`}`
}

function list(title: string, rules: readonly NearRule[], words: (rule: NearRule) => string): string[] {
  if (rules.length === 0) return []
  const rest = rules.length - MAX_NEAR
  return [
    '',
    title,
    ...rules.slice(0, MAX_NEAR).map((rule) => `  ${words(rule)}`),
    ...(rest > 0 ? [`  … ${rest} more`] : []),
  ]
}

function why(part: NearRule['missed'][number], read: ReadField): string {
  const actual = fieldsOf(part).map((field) => actualWords(field, read))
  return `missed ${predicateText(part)}, ${actual.join(', ')}`
}

function toJson({ graph, listener, walked, read, ordered }: Story): object {
  const { close, late } = findNearRules(ordered, walked.rule, read)
  return {
    listener,
    rule: walked.rule,
    source: walked.rule === null ? null : (graph.meta.ruleSources[walked.rule] ?? null),
    steps: walked.steps.map((step) => ({
      node: step.node,
      kind: graph.nodes[step.node]!.kind,
      branch: step.edge ?? null,
      words: stepWords(graph, step, read),
    })),
    came_close: close.map(({ name, missed }) => ({ rule: name, missed })),
    would_match_later: late.map(({ name }) => name),
  }
}
