import { suggest } from '../diagnostics/suggest.ts'
import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import { decodeParsed, quoted, wrongType, type Decode, type Parsed } from '../schema/decode-scalar.ts'
import { propertyOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { toJson } from '../schema/to-json.ts'
import { decodeSynth } from './decode-synth.ts'
import { parsePluginRef } from './plugin-ref.ts'
import type { Json, MiddlewareUse, OnError } from './types.ts'

const useFields = decodeObject('a middleware', {
  use: required(decodeParsed('the name of a middleware', parseUse)),
  args: optionalWith<Json>(decodeArgs, {}),
  on_error: optional(decodeOnError),
})

/** A rule's `middleware_chain`. */
export const decodeMiddlewareChain: Decode<MiddlewareUse[]> = decodeList(decodeMiddlewareUse, { what: 'middleware' })

/** One entry of it. */
export function decodeMiddlewareUse(node: JsonNode, sink: ProblemSink): MiddlewareUse | undefined {
  if (node.type === 'string') {
    const suggestion = `write { "use": ${quoted(String(node.value))} }`
    return wrongType(node, sink, { what: 'a middleware (an object)', suggestion })
  }
  const decoded = useFields(node, sink)
  const useNode = propertyOf(node, 'use')
  if (decoded === undefined || useNode === undefined) return undefined
  const argsNode = propertyOf(node, 'args')
  return {
    use: decoded.use,
    args: decoded.args,
    onError: decoded.on_error,
    source: sink.span(useNode),
    ...(argsNode === undefined ? {} : { argsNode }),
  }
}

function parseUse(text: string): Parsed<string> {
  const plugin = parsePluginRef(text)
  // A stem becomes a file name: nothing in it may lead out of the plugin directory.
  if (plugin === undefined ? isBuiltInName(text) : isStem(plugin.stem) && isExportName(plugin.exportName)) {
    return { value: text }
  }
  const suggestion = /\.wasm(:|$)/.test(text)
    ? `write ${quoted(text.replace('.wasm', ''))}, without ".wasm"`
    : 'write the name of a built-in, or "<file name without .wasm>:<export>"'
  return { problem: { code: 'invalid-use', message: `${quoted(text)} names no middleware`, suggestion } }
}

/** Wide on purpose: a name that no built-in has is refused with a suggestion by whoever knows the built-ins. */
function isBuiltInName(text: string): boolean {
  return /^[^\p{Cc}]{1,64}$/u.test(text) && !text.endsWith('.wasm')
}

function isStem(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text) && !text.endsWith('.wasm')
}

function isExportName(text: string): boolean {
  // Exports are named by plugins: any text without control characters.
  return /^[^\p{Cc}]{1,256}$/u.test(text)
}

function decodeArgs(node: JsonNode, sink: ProblemSink): Json | undefined {
  return node.type === 'object' ? toJson(node, sink) : wrongType(node, sink, 'args (an object)')
}

const onErrorFields = decodeObject('on_error', { response: required(decodeSynth('an on_error response')) })

function decodeOnError(node: JsonNode, sink: ProblemSink): OnError | undefined {
  if (node.type === 'string') {
    if (node.value === 'close') return { kind: 'close' }
    const message = `on_error is "close" or { "response": … }, not ${quoted(String(node.value))}`
    const near = suggest(String(node.value), ['close'])
    sink.at(node, {
      code: 'unknown-value',
      message,
      ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
    })
    return undefined
  }
  if (node.type !== 'object') return wrongType(node, sink, '"close" or an object with the key "response"')
  const decoded = onErrorFields(node, sink)
  return decoded === undefined ? undefined : { kind: 'response', response: decoded.response }
}
