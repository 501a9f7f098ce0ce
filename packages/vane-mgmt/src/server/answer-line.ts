import { VaneError, type Logger } from 'vane-core'
import { validateArgs } from '../verbs/validate-args.ts'
import { VERBS } from '../verbs/verbs.ts'
import { formatError, formatResult } from '../wire/answer.ts'
import type { DecodedLine } from '../wire/line-decoder.ts'
import { MgmtError } from '../wire/mgmt-error.ts'
import { parseRequest, type MgmtRequest, type RequestId } from '../wire/request.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { VerbContext, VerbHandlers, VerbStream } from './handlers.ts'

/** What answering takes. */
export interface AnswerContext extends VerbContext {
  readonly logger: Logger
  /** Makes the stream that answers a request. */
  openStream(requestId: RequestId): FrameWriter
}

/**
 * Turns one line into the line that answers it; into nothing where a stream did, which is over then. Never rejects:
 * whatever is wrong is said in the answer.
 */
export async function answerLine(line: DecodedLine, handlers: VerbHandlers, context: AnswerContext): Promise<string> {
  if (line.kind === 'too-long')
    return formatError(null, new MgmtError('line_too_long', 'the line is longer than 1 MiB'))
  if (line.kind === 'not-utf8') return formatError(null, new MgmtError('malformed_request', 'the line is not UTF-8'))
  const parsed = parseRequest(line.text)
  if (!parsed.ok) return formatError(parsed.requestId, parsed.error)
  const { request } = parsed
  try {
    const verb = validateArgs(request.verb, request.args)
    if (VERBS[verb].isStream === true) return await runStream(request, handlers, context)
    return formatResult(request.requestId, await callHandler(request, handlers, context))
  } catch (error) {
    return formatError(request.requestId, toMgmtError(error, request.verb, context.logger))
  }
}

function callHandler(request: MgmtRequest, handlers: VerbHandlers, context: VerbContext): unknown {
  // `validateArgs` has just checked that there is such a verb and that the arguments are its own.
  const handler = handlers[request.verb as keyof VerbHandlers] as (args: unknown, context: VerbContext) => unknown
  return handler(request.args, { signal: context.signal })
}

async function runStream(request: MgmtRequest, handlers: VerbHandlers, context: AnswerContext): Promise<string> {
  const handler = handlers[request.verb as keyof VerbHandlers] as (
    args: unknown,
    stream: VerbStream<unknown>,
  ) => unknown
  const stream = context.openStream(request.requestId)
  try {
    await handler(request.args, stream)
  } catch (error) {
    stream.drop()
    throw error
  }
  await stream.ended
  return ''
}

function toMgmtError(error: unknown, verb: string, logger: Logger): MgmtError {
  if (error instanceof MgmtError) return error
  if (error instanceof VaneError && error.kind !== 'internal') return new MgmtError('failed', error.message)
  logger.error({ err: error, verb }, 'management verb failed')
  return new MgmtError('internal', `${verb} failed inside the daemon; its log says why`)
}
