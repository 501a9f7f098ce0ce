import { INSPECTION_LEVELS, quoted, type Diagnostic, type ListenSpec } from 'vane-core'
import type { AnalyzedRule } from './analyze.ts'

/** A listener and the rules on it. */
export interface ListenerRules {
  readonly spec: ListenSpec
  /** In matching order. */
  readonly rules: readonly AnalyzedRule[]
}

/** The listeners of a configuration, in the order of their keys, each with its rules in matching order. */
export function groupListeners(analyzed: readonly AnalyzedRule[]): {
  readonly listeners: readonly ListenerRules[]
  readonly diagnostics: readonly Diagnostic[]
} {
  const byKey = new Map<string, { spec: ListenSpec; rules: AnalyzedRule[] }>()
  for (const rule of analyzed) {
    for (const spec of rule.rule.listen) {
      const listener = byKey.get(spec.key)
      if (listener === undefined) byKey.set(spec.key, { spec, rules: [rule] })
      else listener.rules.push(rule)
    }
  }
  const listeners = [...byKey.values()]
    .map(({ spec, rules }) => ({ spec, rules: rules.toSorted(compareRules) }))
    .toSorted((a, b) => compareText(a.spec.key, b.spec.key))
  return { listeners, diagnostics: findOverlaps(listeners) }
}

/** Matching order: priority, then inspection level, then number of predicates, all descending; then name. */
export function compareRules(a: AnalyzedRule, b: AnalyzedRule): number {
  return (
    b.rule.priority - a.rule.priority ||
    INSPECTION_LEVELS.indexOf(b.level) - INSPECTION_LEVELS.indexOf(a.level) ||
    b.predicateCount - a.predicateCount ||
    compareText(a.rule.name, b.rule.name)
  )
}

/** A socket on every address of a family leaves its port to no other: the second bind would fail, at start or at a reload. */
function findOverlaps(listeners: readonly ListenerRules[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = []
  const wildcards = new Map<string, ListenerRules>()
  for (const listener of listeners) {
    for (const family of wildcardFamilies(listener.spec)) wildcards.set(socketGroup(listener.spec, family), listener)
  }
  for (const listener of listeners) {
    const other = families(listener.spec)
      .map((family) => wildcards.get(socketGroup(listener.spec, family)))
      .find((candidate) => candidate !== undefined && candidate !== listener)
    const rule = listener.rules[0]?.rule
    const otherRule = other?.rules[0]?.rule
    if (other === undefined || rule === undefined || otherRule === undefined) continue
    diagnostics.push({
      severity: 'error',
      code: 'listen-overlap',
      message: `the listener ${quoted(listener.spec.key)} of rule ${quoted(rule.name)} cannot be bound beside ${quoted(other.spec.key)}`,
      span: rule.source,
      suggestion: 'let all rules on this port listen on the same address',
      related: [{ message: `${quoted(other.spec.key)} takes every address of the port`, span: otherRule.source }],
    })
  }
  return diagnostics
}

function socketGroup(spec: ListenSpec, family: 4 | 6): string {
  return spec.address.kind === 'unix' ? '' : `${spec.transport} ${family} ${spec.address.port}`
}

function families({ address }: ListenSpec): (4 | 6)[] {
  return address.kind === 'ip' ? [address.family] : address.kind === 'any' ? [4, 6] : []
}

function wildcardFamilies(spec: ListenSpec): (4 | 6)[] {
  const { address } = spec
  return address.kind === 'any' || (address.kind === 'ip' && (address.host === '0.0.0.0' || address.host === '::'))
    ? families(spec)
    : []
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
