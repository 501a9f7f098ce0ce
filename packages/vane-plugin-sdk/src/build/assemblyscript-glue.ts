import type { MiddlewareKind } from '../contract/metadata.ts'

/** The functions that stand between the canonical ABI and the author's: parameters, and how they are lifted. */
const handlers: Readonly<Record<MiddlewareKind, { symbol: string; params: number; input: string; lower: string }>> = {
  'l4-peek': {
    symbol: 'handleL4Peek',
    params: 6,
    input: 'new L4PeekInput(liftBytes(p2, p3), liftContext(p4, p5))',
    lower: 'lowerDecision',
  },
  'l4-bytes': {
    symbol: 'handleL4Bytes',
    params: 7,
    input: 'new L4BytesInput(new Body(liftBytes(p2, p3), p4 != 0), liftContext(p5, p6))',
    lower: 'lowerDecision',
  },
  'l7-request': {
    symbol: 'handleL7Request',
    params: 14,
    input:
      'new L7RequestInput(liftString(p2, p3), liftString(p4, p5), liftHeaders(p6, p7), liftBody(p8, p9, p10, p11), liftContext(p12, p13))',
    lower: 'lowerRequestDecision',
  },
  'l7-response': {
    symbol: 'handleL7Response',
    params: 11,
    input: 'new L7ResponseInput(p2, liftHeaders(p3, p4), liftBody(p5, p6, p7, p8), liftContext(p9, p10))',
    lower: 'lowerResponseDecision',
  },
}

/** The module that is compiled in the entry's place: it imports the entry and exports the canonical ABI's functions. */
export function assemblyScriptGlue(entryModule: string, kinds: readonly MiddlewareKind[]): string {
  const functions = kinds.map((kind) => {
    const { symbol, params, input, lower } = handlers[kind]
    const list = Array.from({ length: params }, (_, index) => `p${index}: i32`).join(', ')
    return `export function ${symbol}(${list}): usize { return ${lower}(plugin.${symbol}(liftString(p0, p1), ${input})) }`
  })
  return `import * as plugin from "${entryModule}"
import { Body, L4BytesInput, L4PeekInput, L7RequestInput, L7ResponseInput } from "vane-plugin-sdk/assemblyscript/types"
import { liftBody, liftBytes, liftContext, liftHeaders, liftString } from "vane-plugin-sdk/assemblyscript/lift"
import { finish, lowerDecision, lowerMetadata, lowerRequestDecision, lowerResponseDecision, reallocate } from "vane-plugin-sdk/assemblyscript/lower"
export function cabi_realloc(old: usize, oldSize: i32, align: i32, size: i32): usize { return reallocate(old, oldSize, align, size) }
export function postReturn(result: usize): void { finish() }
export function getMetadata(): usize { return lowerMetadata(plugin.metadata()) }
${functions.join('\n')}
`
}

/** AssemblyScript names exports by identifiers; these are the canonical ABI's names for them. */
export function renameExports(moduleText: string, kinds: readonly MiddlewareKind[]): string {
  const registry = 'vane:plugin/registry@0.1.0#get-metadata'
  const names: Record<string, string[]> = { getMetadata: [registry], postReturn: [`cabi_post_${registry}`] }
  for (const kind of kinds) {
    const handle = `vane:plugin/handler-${kind}@0.1.0#handle`
    names[handlers[kind].symbol] = [handle]
    names['postReturn']?.push(`cabi_post_${handle}`)
  }
  return moduleText.replaceAll(/\(export "(\w+)" (\(func [^)]+\))\)/g, (whole, name: string, target: string) =>
    Object.hasOwn(names, name)
      ? (names[name] ?? []).map((symbol) => `(export "${symbol}" ${target})`).join('\n  ')
      : whole,
  )
}
