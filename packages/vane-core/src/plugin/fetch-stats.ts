import type { NetErrorValue } from './http-fetch.ts'
import type { ModuleId } from './metadata.ts'

/** What came of one plugin's calls of `http-fetch` since the runtime began, over reloads of its file too. */
export interface WasmFetchSummary {
  readonly key: ModuleId
  /** Calls that the backend is busy with. */
  readonly inFlight: number
  /** Calls that got a response, whatever its status. */
  readonly ok: number
  /** Calls that failed, by the error that the plugin was told. */
  readonly errors: Readonly<Record<NetErrorValue['tag'], number>>
  /** Calls outside the contract, which ended as traps. */
  readonly traps: number
  /** Hops that responses led to and that the policy allowed. */
  readonly redirects: number
}

/** Reads figures of fetches: a row for each plugin that has called `http-fetch` at all. */
export interface WasmFetchStats {
  fetches(): WasmFetchSummary[]
}
