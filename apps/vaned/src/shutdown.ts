import type { Logger } from 'vane-core'
import type { DaemonState } from 'vane-mgmt'

/** Longest that closing may take once nothing is waited for any more. */
const CLOSE_DEADLINE_MS = 5_000

/** What a shutdown stops, in the order of the calls: traffic, then management, then features. */
export interface ShutdownParts {
  readonly engine: {
    drain(timeoutMs: number): Promise<{ readonly forcedConnections: number }>
    close(): Promise<void>
  }
  closeManagement(): Promise<void>
  closeFeatures(): Promise<void>
  readonly logger: Logger
}

/** Ends the daemon, once. */
export interface Shutdown {
  readonly state: DaemonState
  /** Stops accepting, lets requests in flight finish for at most `timeoutMs`, and ends. 0 ends now. */
  drain(timeoutMs: number): void
  /** Cuts what is in flight and ends; also in the middle of a drain. */
  now(): void
  /** Exit code, when everything has ended: 1 only if something would not. */
  readonly ended: Promise<number>
}

/** Makes the shutdown; nothing happens before `drain` or `now`. */
export function createShutdown(parts: ShutdownParts): Shutdown {
  const { engine, logger } = parts
  const ended = Promise.withResolvers<number>()
  let state: DaemonState = 'serving'
  let closing = false

  const close = async (): Promise<void> => {
    if (closing) return
    closing = true
    // A part that hangs or fails must not keep the process, nor the other parts, from ending.
    const deadline = setTimeout(() => {
      logger.error({ deadlineMs: CLOSE_DEADLINE_MS }, 'could not close everything in time')
      ended.resolve(1)
    }, CLOSE_DEADLINE_MS)
    let code = 0
    for (const step of [() => engine.close(), parts.closeManagement, parts.closeFeatures]) {
      try {
        await step()
      } catch (error) {
        code = 1
        logger.error({ err: error }, 'could not close cleanly')
      }
    }
    clearTimeout(deadline)
    logger.info('ended')
    ended.resolve(code)
  }
  const drain = async (timeoutMs: number): Promise<void> => {
    try {
      const { forcedConnections } = await engine.drain(timeoutMs)
      if (forcedConnections > 0 && !closing) {
        logger.warn({ forcedConnections, timeoutMs }, 'cut connections that did not finish in time')
      }
    } catch (error) {
      logger.error({ err: error }, 'could not drain')
    }
    await close()
  }

  return {
    get state(): DaemonState {
      return state
    },
    drain(timeoutMs: number): void {
      if (state === 'draining') return
      state = 'draining'
      logger.info({ timeoutMs }, 'draining: no new connections, requests in flight finish')
      void drain(timeoutMs)
    },
    now(): void {
      state = 'draining'
      void close()
    },
    ended: ended.promise,
  }
}
