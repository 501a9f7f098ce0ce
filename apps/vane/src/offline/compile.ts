import type { Rule, SymbolicFlowGraph } from 'vane-core'
import { fetchLine } from '../draw/node-words.ts'
import { plural } from '../output/format.ts'
import { renderBlocks, type Block } from '../output/blocks.ts'
import { predicateText } from './predicate-text.ts'
import type { OfflineCommand } from './offline-command.ts'
import { readConfig, reportOf, type ReadConfig } from './read-config.ts'

/** `vane compile DIR`. */
export const compileCommand: OfflineCommand = {
  name: 'compile',
  usage: 'compile DIR',
  summary: 'check a configuration and list its rules in matching order',
  takes: ['json', 'graph'],
  async run(dir, { json, graph: asGraph }, surroundings) {
    const read = await readConfig(dir, surroundings)
    const exitCode = read.graph === undefined ? 1 : 0
    const indent = surroundings.terminal ? 2 : undefined
    if (json) return { stdout: `${JSON.stringify(toJson(read), undefined, indent)}\n`, stderr: '', exitCode }
    const stderr = reportOf(read, surroundings)
    if (read.graph === undefined) return { stdout: '', stderr, exitCode }
    const stdout = asGraph
      ? `${JSON.stringify(read.graph, undefined, indent)}\n`
      : renderBlocks(summaryOf(read.graph, read.rules), { align: surroundings.terminal, color: surroundings.color })
    return { stdout, stderr, exitCode }
  },
}

function toJson({ graph, diagnostics, notes }: ReadConfig): object {
  return {
    version_hash: graph?.meta.versionHash ?? null,
    listeners: Object.entries(graph?.meta.listeners ?? {}).map(([key, { kind, tls, rules }]) => ({
      key,
      kind,
      tls: tls !== undefined,
      rules,
    })),
    diagnostics,
    notes,
  }
}

function summaryOf(graph: SymbolicFlowGraph, rules: readonly Rule[]): Block[] {
  const byName = new Map(rules.map((rule) => [rule.name, rule]))
  const listeners = Object.entries(graph.meta.listeners)
  return [
    ...listeners.flatMap(([key, { kind, tls, rules: names }]): Block[] => [
      {
        kind: 'text',
        text: `${key} (${kind}${tls === undefined ? '' : ' over TLS'}), ${plural(names.length, 'rule')} in matching order`,
      },
      {
        kind: 'table',
        empty: 'no rules',
        columns: ['#', 'RULE', 'WHEN', 'THEN', 'FROM'],
        rows: names.map((name, at) => [at + 1, name, ...ruleCells(byName.get(name))]),
      },
    ]),
    {
      kind: 'text',
      text: `${plural(listeners.length, 'listener')}, ${plural(rules.length, 'rule')}, ${plural(graph.nodes.length, 'node')}, version ${graph.meta.versionHash.slice(0, 12)}`,
    },
  ]
}

function ruleCells(rule: Rule | undefined): [when: string, then: string, from: string] {
  if (rule === undefined) return ['', '', '']
  const { match, terminate, middlewareChain, source } = rule
  const end = terminate.type === 'close' ? 'close' : fetchLine(terminate)
  return [
    match.length === 0 ? 'always' : match.map((part) => predicateText(part)).join(' and '),
    [...middlewareChain.map(({ use }) => use), end].join(', '),
    `${source.file}:${source.line}`,
  ]
}
