import { jsonPathAt, type Diagnostic, type SourceText } from 'vane-core'

// A path is found by reading up to it: past so many characters, the last diagnostics go without.
const MAX_CHARACTERS = 16 * 1024 * 1024

/** Gives diagnostics that know their place, but not what stands there, the JSON path of it. */
export function addPaths(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, SourceText>,
): readonly Diagnostic[] {
  let left = MAX_CHARACTERS
  return diagnostics.map((diagnostic) => {
    const { span, path } = diagnostic
    const source = span === undefined ? undefined : sources.get(span.file)
    if (span === undefined || source === undefined || path !== undefined) return diagnostic
    left -= span.offset
    return left < 0 ? diagnostic : { ...diagnostic, path: jsonPathAt(source.text, span.offset) }
  })
}
