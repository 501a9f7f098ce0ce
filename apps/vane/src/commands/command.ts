import type { MgmtClient, StreamItem, VerbName, VerbTypes } from 'vane-mgmt'
import type { Block, Cell } from '../output/blocks.ts'

/** Values of the options that only some commands take. */
export interface CommandOptions {
  /** Of `--timeout`, as written. */
  readonly timeout: string | undefined
  /** Of `--upstream`. */
  readonly upstream?: string | undefined
  /** Of `--verbosity`. */
  readonly verbosity?: string | undefined
  /** Of `--last`, and of the other options of `tail flow`, as written. */
  readonly last?: string | undefined
  readonly noFollow?: boolean | undefined
  readonly event?: string | undefined
  readonly connection?: string | undefined
  readonly rule?: string | undefined
  readonly method?: string | undefined
  readonly target?: string | undefined
  readonly status?: string | undefined
  readonly outcome?: string | undefined
  readonly slowerThan?: string | undefined
}

/** One command of the command line. */
export interface Command {
  /** As typed: `get pools`. */
  readonly name: string
  readonly summary: string
  /** Options of its own. */
  readonly takes: readonly (keyof CommandOptions)[]
  /**
   * Asks the daemon.
   *
   * @throws UsageError where the value of an option cannot be understood; nothing was asked then.
   */
  call(client: MgmtClient, options: CommandOptions): Promise<CommandAnswer>
}

/** A command that goes on until there is no more, or its reader has had enough. */
export interface StreamCommand {
  readonly name: string
  readonly summary: string
  readonly takes: readonly (keyof CommandOptions)[]
  /**
   * Asks the daemon.
   *
   * @throws UsageError where the value of an option cannot be understood; nothing was asked then.
   */
  open(socketPath: string, options: CommandOptions): AsyncGenerator<StreamItem<unknown>, void, undefined>
  /** One piece of data for people: a line. */
  show(data: unknown): readonly Cell[]
}

/** The daemon's answer. */
export interface CommandAnswer {
  /** As it came. */
  readonly result: unknown
  /** The same for people. */
  show(): readonly Block[]
}

/** What makes a command out of a verb. */
export interface VerbCommand<Verb extends VerbName> {
  readonly name: string
  readonly verb: Verb
  readonly summary: string
  readonly takes?: readonly (keyof CommandOptions)[]
  toArgs?(options: CommandOptions): VerbTypes[Verb]['args']
  show(result: VerbTypes[Verb]['result']): readonly Block[]
}

/** Makes a command that calls one verb. */
export function toCommand<Verb extends VerbName>(spec: VerbCommand<Verb>): Command {
  return {
    name: spec.name,
    summary: spec.summary,
    takes: spec.takes ?? [],
    async call(client: MgmtClient, options: CommandOptions): Promise<CommandAnswer> {
      const result = await client.call(spec.verb, spec.toArgs?.(options))
      return { result, show: () => spec.show(result) }
    },
  }
}
