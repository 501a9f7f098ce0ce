import { getLocation } from 'jsonc-parser'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { SourceText } from '../diagnostics/source-text.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { VaneError } from '../errors/vane-error.ts'
import { jsonTypeName, propertiesOf, type JsonNode } from '../schema/json-node.ts'
import { parseJsonTree } from '../schema/parse-json-tree.ts'
import { ProblemSink } from '../schema/problem-sink.ts'
import { parseHostPattern, type HostPattern } from './host-pattern.ts'
import { DEFAULT_PLUGIN_HTTP_POLICY, type PluginHttpPolicy } from './http-policy.ts'

/** What a `policy.json` says. The policies count only where there are no diagnostics. */
export interface ParsedPolicies {
  readonly policies: ReadonlyMap<string, PluginHttpPolicy>
  /** All of them are errors. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Bytes a `policy.json` may have: thousands of plugins, and still read in no time. */
export const MAX_POLICY_BYTES: number = 1_048_576

/**
 * Parses the text of a `policy.json`: an object of policies by the stem of the plugin's file.
 *
 * Never throws for what the text holds: every mistake is a diagnostic with its place and JSON path.
 *
 * @param file path for the diagnostics.
 */
export function parsePluginPolicies(text: string, file: string): ParsedPolicies {
  const sink = new ProblemSink(new SourceText({ path: file, text }))
  const root = parseJsonTree(sink, { maxLength: MAX_POLICY_BYTES })
  const locate = (problem: Diagnostic): Diagnostic => withLocation(problem, text)
  if (root === undefined) return { policies: new Map(), diagnostics: sink.diagnostics.slice(0, 1).map(locate) }
  return { policies: readPolicies(root, sink), diagnostics: sink.diagnostics }
}

/**
 * Adds the JSON path that a syntax error has no node to take from. Only the first error is told: the others are mostly its
 * echoes. Its suggestion goes, since a policy in `.jsonc` would not be found.
 */
function withLocation(problem: Diagnostic, text: string): Diagnostic {
  if (problem.code !== 'syntax-error' || problem.span === undefined) return problem
  const { suggestion: _, ...rest } = problem
  const path = getLocation(text, problem.span.offset)
    .path.map((segment) => (typeof segment === 'number' ? `[${segment}]` : `.${segment}`))
    .join('')
  return path === '' || path === '.' ? rest : { ...rest, path: path.slice(1, MAX_SHOWN_LENGTH) }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type ReadField = (policy: Mutable<PluginHttpPolicy>, value: JsonNode, sink: ProblemSink) => void

/** Every key of a policy with what reads it. A map, so that a key such as `constructor` finds nothing. */
const READERS: ReadonlyMap<string, ReadField> = new Map<string, ReadField>([
  ['allow_insecure', (policy, value, sink) => (policy.allowInsecure = readBoolean('allow_insecure', value, sink))],
  ['allowed_hosts', (policy, value, sink) => (policy.allowedHosts = readHosts(value, sink))],
  ['max_body_size', (policy, value, sink) => (policy.maxBodySize = readU32('max_body_size', value, sink))],
  [
    'default_timeout_ms',
    (policy, value, sink) => (policy.defaultTimeoutMs = readU32('default_timeout_ms', value, sink)),
  ],
  [
    'default_follow_redirects',
    (policy, value, sink) => (policy.defaultFollowRedirects = readU32('default_follow_redirects', value, sink)),
  ],
  [
    'allow_private_addresses',
    (policy, value, sink) => (policy.allowPrivateAddresses = readBoolean('allow_private_addresses', value, sink)),
  ],
])

const MAX_U32 = 4_294_967_295
const MAX_SHOWN_LENGTH = 80
// A file of nothing but unknown keys must not cost seconds of looking for what they resemble.
const MAX_SUGGESTIONS = 100

function readPolicies(root: JsonNode, sink: ProblemSink): Map<string, PluginHttpPolicy> {
  const policies = new Map<string, PluginHttpPolicy>()
  if (root.type !== 'object') {
    const message = `the file is an object of policies by plugin, not ${jsonTypeName(root)}`
    sink.at(root, { code: 'wrong-type', message })
    return policies
  }
  for (const { key, name, value } of propertiesOf(root)) {
    if (name === '$schema') {
      if (value.type !== 'string') sink.at(value, { code: 'wrong-type', message: '$schema is a string' })
      continue
    }
    checkStem(name, key, sink)
    policies.set(name, readPolicy(value, sink))
  }
  return policies
}

/** Whether a key can be the stem of a plugin's file; reported where it cannot. */
export function checkStem(stem: string, key: JsonNode, sink: ProblemSink): boolean {
  if (stem.toLowerCase().endsWith('.wasm')) {
    const message = `a plugin goes by its file name without \`.wasm\`, not by ${quote(stem)}`
    sink.at(key, { code: 'invalid-stem', message, suggestion: `write ${quote(stem.slice(0, -'.wasm'.length))}` })
  } else if (stem === '' || /[/\\\0]/.test(stem)) {
    sink.at(key, { code: 'invalid-stem', message: `${quote(stem)} can be the name of no plugin` })
  } else return true
  return false
}

function readPolicy(node: JsonNode, sink: ProblemSink): PluginHttpPolicy {
  const policy: Mutable<PluginHttpPolicy> = { ...DEFAULT_PLUGIN_HTTP_POLICY }
  if (node.type !== 'object') {
    sink.at(node, { code: 'wrong-type', message: `a plugin's policy is an object, not ${jsonTypeName(node)}` })
    return policy
  }
  for (const { key, name, value } of propertiesOf(node)) {
    const read = READERS.get(name)
    if (read !== undefined) read(policy, value, sink)
    else
      sink.at(key, {
        code: 'unknown-key',
        message: `unknown key ${quote(name)} in a plugin's policy`,
        ...meant(name, sink),
      })
  }
  return Object.freeze(policy)
}

function meant(key: string, sink: ProblemSink): { suggestion?: string } {
  const known = sink.diagnostics.length < MAX_SUGGESTIONS ? suggest(key, READERS.keys()) : undefined
  return known === undefined ? {} : { suggestion: `did you mean "${known}"?` }
}

function readBoolean(key: string, value: JsonNode, sink: ProblemSink): boolean {
  if (value.type === 'boolean') return value.value === true
  sink.at(value, { code: 'wrong-type', message: `${key} is true or false, not ${shown(value, sink)}` })
  return false
}

function readU32(key: string, value: JsonNode, sink: ProblemSink): number {
  const number: unknown = value.value
  const isNumber = typeof number === 'number'
  // Adding 0 makes 0 of JSON's -0.
  if (isNumber && Number.isInteger(number) && number >= 0 && number <= MAX_U32) return number + 0
  const message = `${key} is a whole number from 0 to ${MAX_U32}, not ${shown(value, sink)}`
  sink.at(value, { code: isNumber ? 'out-of-range' : 'wrong-type', message })
  return 0
}

function readHosts(value: JsonNode, sink: ProblemSink): readonly HostPattern[] {
  const patterns: HostPattern[] = []
  if (value.type !== 'array') {
    sink.at(value, { code: 'wrong-type', message: `allowed_hosts is a list of host names, not ${shown(value, sink)}` })
    return patterns
  }
  for (const item of value.children ?? []) {
    const text: unknown = item.value
    if (typeof text !== 'string') {
      sink.at(item, { code: 'wrong-type', message: `an entry of allowed_hosts is a string, not ${shown(item, sink)}` })
      continue
    }
    try {
      patterns.push(parseHostPattern(text))
    } catch (error) {
      if (!(error instanceof VaneError)) throw error
      sink.at(item, { code: 'invalid-host', message: `${quote(text)} in allowed_hosts: ${error.message}` })
    }
  }
  return Object.freeze(patterns)
}

/** A value as it is written, or its type where that would be long. */
function shown(node: JsonNode, { source }: ProblemSink): string {
  if (node.type === 'object' || node.type === 'array' || node.length > MAX_SHOWN_LENGTH) return jsonTypeName(node)
  return source.text.slice(node.offset, node.offset + node.length)
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text)
}
