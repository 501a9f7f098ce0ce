import type { RunResult, RunSurroundings } from '../run-result.ts'

/** Options of commands that need no daemon, as written. */
export interface OfflineOptions {
  readonly json: boolean
  readonly graph: boolean
  readonly full: boolean
  readonly request: string | undefined
  readonly headers: readonly string[]
  readonly from: string | undefined
  readonly sni: string | undefined
  readonly listener: string | undefined
  readonly format: string | undefined
  readonly out: string | undefined
}

/** A command on a configuration directory, without a daemon. */
export interface OfflineCommand {
  readonly name: string
  readonly summary: string
  /** For the help text. */
  readonly usage: string
  readonly takes: readonly (keyof OfflineOptions)[]
  /** @throws UsageError where the value of an option cannot be understood. */
  run(dir: string, options: OfflineOptions, surroundings: RunSurroundings): Promise<RunResult>
}
