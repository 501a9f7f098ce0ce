import { quoted, type SourceSpan, VaneError } from 'vane-core'

/** A rule, and where it is. */
export interface RulePlace {
  readonly rule: string
  readonly source: SourceSpan
}

/** A rule and its place, as messages of the linker begin. */
export function describePlace({ rule, source: { file, line, column } }: RulePlace): string {
  return `rule ${quoted(rule)} (${file}:${line}:${column})`
}

/** Collects what is wrong with files that rules name, so that all of it is told at once. */
export class TlsProblems {
  readonly #messages = new Set<string>()
  #first: RulePlace | undefined
  #cause: unknown

  get isEmpty(): boolean {
    return this.#messages.size === 0
  }

  /** Runs a step. @returns `undefined` where it failed. */
  async guard<T>(owner: RulePlace, step: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await step()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#messages.add(`${describePlace(owner)}: tls: ${reason}`)
      this.#first ??= owner
      this.#cause ??= error
      return undefined
    }
  }

  /** @throws VaneError of kind `compile` where anything was wrong. */
  throwAny(): void {
    if (this.#first === undefined) return
    const { rule, source } = this.#first
    throw new VaneError({ kind: 'compile' }, [...this.#messages].join('\n'), {
      cause: this.#cause,
      context: { rule, file: source.file, line: source.line },
    })
  }
}
