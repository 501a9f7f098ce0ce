import type { CgiTerminate, Logger } from 'vane-core'
import type { Fetch } from '../../executor/flow.ts'
import { assertCanBecome, findCgiTools, toCgiCommand } from './cgi-command.ts'
import { createCgiFetch } from './cgi-fetch.ts'
import { CgiLog } from './cgi-log.ts'
import { CgiSlots, type CgiStats } from './cgi-slots.ts'

/** Runs CGI programs for an engine. An engine without one refuses rules with `cgi`. */
export interface CgiRuntime {
  /**
   * Makes the fetch of a rule. Nothing is started yet.
   *
   * @throws VaneError of kind `compile` where the rule's program could not be started as it says.
   */
  createFetch(spec: CgiTerminate): Fetch
  stats(): CgiStats
}

/** What a runtime is made of. */
export interface CgiRuntimeOptions {
  readonly logger: Logger
  /** Programs that may run at once; default 100. A request beyond that is answered with 503. */
  readonly maxConcurrent?: number
  /** Folders in which `setpriv` and `prlimit` are looked for; default: the system's. */
  readonly toolFolders?: readonly string[]
}

const DEFAULT_MAX_CONCURRENT = 100

/** Makes a runtime. It starts nothing before a request comes, and programs end with their requests. */
export function createCgiRuntime({ logger, maxConcurrent, toolFolders }: CgiRuntimeOptions): CgiRuntime {
  const parts = { slots: new CgiSlots(maxConcurrent ?? DEFAULT_MAX_CONCURRENT), log: new CgiLog(logger) }
  return {
    createFetch(spec) {
      const tools = findCgiTools(toolFolders)
      assertCanBecome(spec.security)
      return createCgiFetch(spec, toCgiCommand(spec, tools), parts)
    },
    stats: () => parts.slots.stats(),
  }
}
