import { Script } from 'node:vm'

/** The function that the transpiler emits: makes an instance of the component and answers its exports by interface name. */
export type GlueInstantiate = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: Readonly<Record<string, unknown>>,
  instantiateCore: InstantiateCore,
) => unknown

/** Makes the core instances of a component. */
export interface InstantiateCore {
  (module: WebAssembly.Module, imports?: WebAssembly.Imports): WebAssembly.Instance
  /** Where the glue keeps resource handles, so that whoever made the instance can look at them. */
  handleTables: (unknown[] | undefined)[]
}

// What goes wrong is thrown as well; a plugin must not write to the daemon's terminal.
const MUTE_CONSOLE = 'const console = { debug() {}, error() {}, log() {}, warn() {} };'

/**
 * Makes a script of the ES module that the transpiler emits: the value of its last expression is `instantiate`.
 *
 * Debug output goes: jco asks `process.env` before each line of it, dozens of times in a call, and builds the line's objects first.
 * Handle tables come from outside, where they can be seen.
 *
 * @returns `undefined` if the text is not laid out as expected.
 */
export function rewriteGlue(moduleSource: string): string | undefined {
  const body = moduleSource
    .replace(/^export function instantiate\(/m, 'function instantiate(')
    .replace(/^export const _util = \{\s*\}/m, '')
    .replaceAll(/(?<![\w$.])_debugLog\(/g, '0 && _debugLog(')
    .replace(/^(\s*const HANDLE_TABLES\s*=\s*)\[\];$/m, '$1instantiateCore.handleTables;')
  if (/^\s*(?:export|import)\b/m.test(body) || !/^function instantiate\(/m.test(body)) return undefined
  if (body.includes('HANDLE_TABLES') && !body.includes('instantiateCore.handleTables;')) return undefined
  return `(() => {\n'use strict';\n${MUTE_CONSOLE}\n${body}\nreturn instantiate;\n})()`
}

/**
 * Runs a rewritten glue script and answers its `instantiate`.
 *
 * A script, not a module: the module registry never frees what it has loaded, and a daemon swaps plugins for as long as it runs.
 */
export function compileGlue(scriptSource: string, name: string): GlueInstantiate {
  const result: unknown = new Script(scriptSource, { filename: `vane-plugin:${name}` }).runInThisContext()
  if (typeof result !== 'function') throw new TypeError('the glue has no function instantiate')
  return result as GlueInstantiate
}
