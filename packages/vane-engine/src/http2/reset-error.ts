import { VaneError } from 'vane-core'
import { ERROR_CODE, toErrorName } from './error-code.ts'

/** Ends of a stream, before its response, that say nothing against the request: another attempt may go better. */
const MENDABLE: ReadonlySet<number> = new Set([ERROR_CODE.internalError, ERROR_CODE.cancel])

/** The error of a stream that an upstream has reset, be it before or after it began to answer. */
export function toResetError(upstream: string, code: number, hasAnswered: boolean): VaneError {
  if (code === ERROR_CODE.refusedStream && !hasAnswered)
    return new VaneError({ kind: 'upstream', reason: 'refused' }, `upstream ${upstream} refused the request`)
  const reason = !hasAnswered && MENDABLE.has(code) ? 'reset-before-response' : 'reset-mid-request'
  return new VaneError({ kind: 'upstream', reason }, `upstream ${upstream} reset the stream (${toErrorName(code)})`)
}
