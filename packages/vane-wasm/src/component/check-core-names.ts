import { quoteName } from './load-error.ts'

// jco writes core names into its JavaScript between single quotes, without escaping them: such a name runs as code in the host.
const UNSAFE_IN_SOURCE = /['"`\\\u0000-\u001f\u007f\u2028\u2029]/

/**
 * Looks for names of core imports and exports that could not be written into source text safely. The names that reach the emitted
 * source are all among these, since a core module is linked by nothing else.
 *
 * @returns why the component is refused, or `undefined` if every name is harmless.
 */
export function whyUnsafeCoreName(modules: Iterable<WebAssembly.Module>): string | undefined {
  for (const module of modules) {
    for (const name of namesOf(module)) {
      // As a property name it would reach the prototype.
      if (name !== '__proto__' && !UNSAFE_IN_SOURCE.test(name)) continue
      return `a core module imports or exports the name ${quoteName(name)}: quotes, backslashes, control characters and __proto__ are not allowed there`
    }
  }
  return undefined
}

function* namesOf(module: WebAssembly.Module): Generator<string> {
  for (const entry of WebAssembly.Module.imports(module)) {
    yield entry.module
    yield entry.name
  }
  for (const entry of WebAssembly.Module.exports(module)) yield entry.name
}
