import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools'

import { BuildError } from './build-error.ts'
import { witSource } from './wit-source.ts'

/** How a core module becomes a component. */
export interface ComponentOptions {
  /** The world the module implements; one of the SDK's unless `wit` is given. */
  world: string
  /** A WIT document that defines `world`, nested packages included. Default: the SDK's. */
  wit?: string
  /** The file that messages name. */
  file?: string
}

/** Parses WebAssembly text: a core module or a whole component. Throws `BuildError` `syntax` with line and column. */
export async function parseWat(wat: string, file = 'plugin.wat'): Promise<Uint8Array> {
  try {
    return await parse(wat)
  } catch (error) {
    throw syntaxError(error, file)
  }
}

/**
 * Makes a component of a core module that imports and exports by the names of the canonical ABI: `vane:host/host@0.1.0`
 * `get-args`, `vane:plugin/registry@0.1.0#get-metadata`, `cabi_realloc`, `memory`, … Throws `BuildError` `component` when the module does
 * not fit the world: a missing export, another signature.
 */
export async function componentFromCore(core: Uint8Array, options: ComponentOptions): Promise<Uint8Array> {
  try {
    const embedded = await componentEmbed({
      binary: core,
      witSource: options.wit ?? witSource(),
      world: options.world,
      stringEncoding: 'utf8',
    })
    return await componentNew(embedded, [])
  } catch (error) {
    throw new BuildError('component', `does not fit the world ${options.world}: ${toolMessage(error)}`, {
      place: { file: options.file ?? 'module' },
      cause: error,
    })
  }
}

/** Text to component. A text that is a component already is returned as it is. */
export async function watToComponent(wat: string, options: ComponentOptions): Promise<Uint8Array> {
  const binary = await parseWat(wat, options.file)
  return isComponent(binary) ? binary : await componentFromCore(binary, options)
}

/** A component's preamble differs from a module's in its layer field, the fourth half-word. */
export function isComponent(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d && bytes[6] === 1
  )
}

/** What a wasm-tools call threw: its payload is the message, over several lines with causes. */
function toolMessage(error: unknown): string {
  const text =
    typeof error === 'object' && error !== null && 'payload' in error && typeof error.payload === 'string'
      ? error.payload
      : error instanceof Error
        ? error.message
        : String(error)
  return text.trim()
}

// The parser answers with the debug form of its error: … text: Some(Text { line: 1, col: 8, … }) … kind: Custom("…") …
// Errors nest, the innermost says what is wrong; lines and columns count from 0.
function syntaxError(error: unknown, file: string): BuildError {
  const text = toolMessage(error)
  const at = /line: (\d+), col: (\d+)/.exec(text)
  const kind = /^.*kind: (?:Custom\("((?:[^"\\]|\\.)*)"\)|(.+?)) \}/s.exec(text)
  const message = kind?.[1] ?? kind?.[2] ?? text
  return new BuildError('syntax', message.replaceAll('\\"', '"'), {
    place: at === null ? { file } : { file, line: Number(at[1]) + 1, column: Number(at[2]) + 1 },
    cause: error,
  })
}
