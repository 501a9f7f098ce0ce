import type { MaybePromise } from 'vane-core'
import type { VerbName, VerbTypes } from '../verbs/verbs.ts'

/** What a verb's handler may use besides its arguments. */
export interface VerbContext {
  /** Aborts when the caller has closed the connection: nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** The daemon's side of every verb. A handler that throws a `MgmtError` chooses the code of the answer. */
export type VerbHandlers = {
  readonly [Verb in VerbName]: (
    args: VerbTypes[Verb]['args'],
    context: VerbContext,
  ) => MaybePromise<VerbTypes[Verb]['result']>
}
