import type { MaybePromise } from 'vane-core'
import type { StreamVerbName, StreamVerbTypes, VerbName, VerbTypes } from '../verbs/verbs.ts'

/** What a verb's handler may use besides its arguments. */
export interface VerbContext {
  /** Aborts when the caller has closed the connection: nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** Where a streaming verb puts its data. */
export interface VerbStream<Data> {
  /** Aborts when the stream is over, also because its reader has gone: whatever feeds it is to stop. */
  readonly signal: AbortSignal
  /** Sends, later. Where the reader is too slow the data is dropped, and the reader told how often that was. */
  send(data: Data): void
  /** There is no more. @param reason `complete` where nothing else is to be said. */
  end(reason: string): void
}

/** The daemon's side of every verb. A handler that throws a `MgmtError` chooses the code of the answer. */
export type VerbHandlers = {
  readonly [Verb in VerbName]: (
    args: VerbTypes[Verb]['args'],
    context: VerbContext,
  ) => MaybePromise<VerbTypes[Verb]['result']>
} & {
  /** Begins to feed the stream. One that throws before it has sent anything has failed like any other verb. */
  readonly [Verb in StreamVerbName]: (
    args: StreamVerbTypes[Verb]['args'],
    stream: VerbStream<StreamVerbTypes[Verb]['data']>,
  ) => MaybePromise<void>
}
