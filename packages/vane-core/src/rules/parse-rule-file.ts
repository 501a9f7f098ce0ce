import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { SourceText, type SourceFile } from '../diagnostics/source-text.ts'
import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import { decodeInteger, decodeText, wrongType, type Decode } from '../schema/decode-scalar.ts'
import { propertyOf, type JsonNode } from '../schema/json-node.ts'
import { parseJsonTree } from '../schema/parse-json-tree.ts'
import { ProblemSink } from '../schema/problem-sink.ts'
import { decodePreset } from './decode-preset.ts'
import { decodeMiddlewareUse } from './decode-middleware.ts'
import { decodeRule, decodeRuleName } from './decode-rule.ts'
import type { PresetUse } from './presets.ts'
import type { BrokenRule, MiddlewareUse, Rule, RuleFile } from './types.ts'

/** What a rule file turned out to be. */
export interface ParsedRuleFile {
  /**
   * `undefined` where the text is not JSON. A file with errors in some rules still brings the others, so that what is only
   * seen across rules and files is reported in the same pass.
   */
  readonly file: RuleFile | undefined
  readonly diagnostics: readonly Diagnostic[]
}

const MAX_ORDER = 1_000_000_000

/**
 * Parses one rule file: strict JSON, or with comments and trailing commas where the path ends in `.jsonc`. Never throws:
 * whatever is wrong with the text comes back as diagnostics, all of them at once.
 */
export function parseRuleFile(source: SourceFile): ParsedRuleFile {
  const text = new SourceText(source)
  const sink = new ProblemSink(text)
  const root = parseJsonTree(sink, { comments: source.path.endsWith('.jsonc') })
  if (root === undefined) return { file: undefined, diagnostics: sink.diagnostics }
  const rules: (Rule | PresetUse)[] = []
  const broken: BrokenRule[] = []
  const decoded = decodeObject('a rule file', {
    $schema: optional(decodeText('the address of a schema')),
    order: optionalWith(decodeInteger({ what: 'order', min: -MAX_ORDER, max: MAX_ORDER }), 0),
    rules: required(decodeList(sorted({ rules, broken }), { what: 'rules' })),
  })(root, sink)
  const file = { path: source.path, order: decoded?.order ?? 0, rules, broken, source: text }
  return { file, diagnostics: sink.diagnostics }
}

/** Keeps what decodes even where its list as a whole does not, and what is left of the rest. */
function sorted({ rules, broken }: { rules: (Rule | PresetUse)[]; broken: BrokenRule[] }): Decode<Rule | PresetUse> {
  return (node, sink) => {
    const value = decodeEntry(node, sink)
    if (value !== undefined) rules.push(value)
    else if (node.type === 'object' && !sink.isFull) broken.push(decodeBroken(node, sink))
    return value
  }
}

function decodeBroken(node: JsonNode, sink: ProblemSink): BrokenRule {
  // What is wrong with these parts has been told.
  const silent = new ProblemSink(sink.source)
  const nameNode = propertyOf(node, 'name')
  const chain = propertyOf(node, 'middleware_chain')
  const uses = chain?.type === 'array' ? (chain.children ?? []) : []
  return {
    name: nameNode === undefined ? undefined : decodeRuleName(nameNode, silent),
    middlewareChain: uses.flatMap((use): MiddlewareUse[] => {
      const decoded = decodeMiddlewareUse(use, silent)
      return decoded === undefined ? [] : [decoded]
    }),
    source: sink.span(nameNode ?? node),
  }
}

function decodeEntry(node: JsonNode, sink: ProblemSink): Rule | PresetUse | undefined {
  if (node.type !== 'object') return wrongType(node, sink, 'a rule (an object)')
  return propertyOf(node, 'preset') === undefined ? decodeRule(node, sink) : decodePreset(node, sink)
}
