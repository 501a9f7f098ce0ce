import { resolve } from 'node:path'
import type { Logger } from 'vane-core'
import { openFlowFile, type FlowFile, type FlowLog } from 'vane-engine'

/** The file that the flow log is written to as well. */
export interface FlowLogFile extends Pick<FlowFile, 'reopen' | 'stats'> {
  /** Absolute. */
  readonly path: string
  /** Writes what is left, and nothing more. */
  close(): Promise<void>
}

/**
 * Opens the file of `VANE_FLOW_LOG_FILE` and has the flow log write to it; nothing where the variable is not set.
 *
 * @throws VaneError of kind `io` where it cannot be written.
 */
export async function openFlowLogFile(
  file: string | undefined,
  flowLog: FlowLog,
  logger: Logger,
): Promise<FlowLogFile | undefined> {
  if (file === undefined) return undefined
  const path = resolve(file)
  const opened = await openFlowFile(path, logger)
  const unsubscribe = flowLog.subscribe((event) => opened.write(event))
  return {
    path,
    get stats() {
      return opened.stats
    },
    reopen: () => opened.reopen(),
    close: async () => {
      unsubscribe()
      await opened.close()
    },
  }
}
