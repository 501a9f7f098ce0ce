import { VaneError, type Diagnostic, type Logger } from 'vane-core'
import type { LastReload, ReloadCause, ReloadStats } from 'vane-mgmt'

/** What came of one reload. */
export type ReloadOutcome =
  | { readonly status: 'swapped'; readonly versionHash: string; readonly warnings: readonly string[] }
  | { readonly status: 'unchanged'; readonly versionHash: string }
  | { readonly status: 'failed'; readonly failure: ReloadProblem }

/** Why a configuration did not come into force. */
export interface ReloadProblem {
  /** One line. */
  readonly message: string
  /** Every problem with its place and the line it is in; for people. */
  readonly report: string
  readonly diagnostics: readonly Diagnostic[]
}

/** An outcome and how long it took. */
export type TimedReload = ReloadOutcome & { readonly durationMs: number }

/** Reloads one at a time. */
export interface Reloader {
  /**
   * Reads the configuration and swaps it in. Requests that come while one is at work are answered together by one more
   * run: what they want loaded may have been written after the running one had read it. Never rejects.
   */
  reload(cause: ReloadCause): Promise<TimedReload>
  stats(): ReloadStats
}

/** Makes a reloader; `attempt` does the work and may throw. */
export function createReloader(attempt: () => Promise<ReloadOutcome>, logger: Logger): Reloader {
  const counts = { swapped: 0, unchanged: 0, failed: 0 }
  let last: LastReload | null = null
  let running: Promise<TimedReload> | undefined
  let queued: Promise<TimedReload> | undefined

  const run = async (cause: ReloadCause): Promise<TimedReload> => {
    const startMs = performance.now()
    const outcome = await attempt().catch(toFailure)
    const durationMs = Math.round(performance.now() - startMs)
    counts[outcome.status]++
    last = {
      at: new Date().toISOString(),
      cause,
      status: outcome.status,
      duration_ms: durationMs,
      error: outcome.status === 'failed' ? outcome.failure.message : null,
    }
    logOutcome(logger, outcome, { cause, durationMs })
    return { ...outcome, durationMs }
  }
  const begin = (cause: ReloadCause): Promise<TimedReload> => {
    running = run(cause).finally(() => (running = undefined))
    return running
  }

  return {
    reload(cause: ReloadCause): Promise<TimedReload> {
      if (running === undefined) return begin(cause)
      queued ??= running.then(() => {
        queued = undefined
        return begin(cause)
      })
      return queued
    },
    stats: () => ({ ...counts, last }),
  }
}

function toFailure(error: unknown): ReloadOutcome {
  const message = error instanceof Error ? error.message : String(error)
  // A failure of a kind nobody foresaw is a bug of ours: its stack is what we need then.
  const expected = error instanceof VaneError && error.kind !== 'internal'
  const report = expected || !(error instanceof Error) ? message : (error.stack ?? message)
  return { status: 'failed', failure: { message, report, diagnostics: [] } }
}

function logOutcome(logger: Logger, outcome: ReloadOutcome, fields: { cause: ReloadCause; durationMs: number }): void {
  switch (outcome.status) {
    case 'swapped':
      for (const warning of outcome.warnings) logger.warn(warning)
      return logger.info({ ...fields, versionHash: outcome.versionHash }, 'configuration reloaded')
    case 'unchanged':
      return logger.info(
        { ...fields, versionHash: outcome.versionHash },
        'configuration reloaded: the rules are the same, nothing changed',
      )
    case 'failed':
      return logger.error(
        { ...fields, diagnostics: outcome.failure.diagnostics },
        `reload failed, the old configuration goes on serving: ${outcome.failure.report}`,
      )
  }
}
