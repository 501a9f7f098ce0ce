import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { VaneError } from '../errors/vane-error.ts'
import { DEFAULT_PLUGIN_HTTP_POLICY, type PluginHttpPolicy } from './http-policy.ts'
import { parsePluginPolicies } from './parse-policies.ts'
import { readPolicyFile } from './read-policy-file.ts'

/** Every plugin's {@link PluginHttpPolicy}, by the plugin's stem: the name of its file without `.wasm`. Immutable. */
export class PluginPolicyTable {
  readonly #policies: ReadonlyMap<string, PluginHttpPolicy>

  private constructor(policies: ReadonlyMap<string, PluginHttpPolicy>) {
    this.#policies = policies
  }

  /** A table without entries: every plugin is denied everything. */
  static empty(): PluginPolicyTable {
    return new PluginPolicyTable(new Map())
  }

  /**
   * Parses the text of a `policy.json`.
   *
   * @param file path for messages, if the text came from one.
   * @throws VaneError of kind `compile` that lists every mistake with file, line, column, plugin and key.
   */
  static fromJson(text: string, file: string = 'policy.json'): PluginPolicyTable {
    const { policies, diagnostics } = parsePluginPolicies(text, file)
    if (diagnostics.length > 0) throw toPolicyError(diagnostics, file)
    return new PluginPolicyTable(policies)
  }

  /**
   * Reads `policy.json` from the folder that holds the plugins (`<config>/wasm`). No such file is an empty table.
   *
   * @throws VaneError of kind `compile` that names the file, if it cannot be read or {@link fromJson} refuses its text.
   */
  static async loadFromDir(dir: string): Promise<PluginPolicyTable> {
    const { path, text } = await readPolicyFile(dir)
    return text === undefined ? PluginPolicyTable.empty() : PluginPolicyTable.fromJson(text, path)
  }

  /** Policy of a plugin; the deny-all defaults where the table has no entry for it. */
  getOrDefault(stem: string): PluginHttpPolicy {
    return this.#policies.get(stem) ?? DEFAULT_PLUGIN_HTTP_POLICY
  }

  /** Stems that have an entry, in file order: to warn of one that no plugin answers to. */
  stems(): string[] {
    return [...this.#policies.keys()]
  }
}

// Enough to work on; the rest shows once these are gone.
const MAX_PROBLEMS_TOLD = 20

function toPolicyError(diagnostics: readonly Diagnostic[], file: string): VaneError {
  const lines = diagnostics.slice(0, MAX_PROBLEMS_TOLD).map((diagnostic) => toLine(diagnostic, file))
  if (lines.length === 1) return new VaneError({ kind: 'compile' }, lines[0] ?? file)
  const more = diagnostics.length - lines.length
  if (more > 0) lines.push(`and ${more} more`)
  const list = lines.map((line) => `\n  ${line}`).join('')
  return new VaneError({ kind: 'compile' }, `${file}: ${diagnostics.length} problems${list}`)
}

function toLine({ span, path, message, suggestion }: Diagnostic, file: string): string {
  const place = span === undefined ? file : `${span.file}:${span.line}:${span.column}`
  const inside = path === undefined || path === '' ? '' : ` (${path})`
  const hint = suggestion === undefined ? '' : `; ${suggestion}`
  // A message quotes the file, which must not write lines of its own into a log.
  return `${place}: ${message}${inside}${hint}`.replace(/[\p{Cc}\u2028\u2029]/gu, '\u{fffd}')
}
