import { VaneError, type Logger } from 'vane-core'
import { validateArgs } from '../verbs/validate-args.ts'
import { formatError, formatResult } from '../wire/answer.ts'
import type { DecodedLine } from '../wire/line-decoder.ts'
import { MgmtError } from '../wire/mgmt-error.ts'
import { parseRequest, type MgmtRequest } from '../wire/request.ts'
import type { VerbContext, VerbHandlers } from './handlers.ts'

/** Turns one line into the line that answers it. Never rejects: whatever is wrong is said in the answer. */
export async function answerLine(
  line: DecodedLine,
  handlers: VerbHandlers,
  context: VerbContext & { readonly logger: Logger },
): Promise<string> {
  if (line.kind === 'too-long')
    return formatError(null, new MgmtError('line_too_long', 'the line is longer than 1 MiB'))
  if (line.kind === 'not-utf8') return formatError(null, new MgmtError('malformed_request', 'the line is not UTF-8'))
  const parsed = parseRequest(line.text)
  if (!parsed.ok) return formatError(parsed.requestId, parsed.error)
  const { request } = parsed
  try {
    return formatResult(request.requestId, await callHandler(request, handlers, context))
  } catch (error) {
    return formatError(request.requestId, toMgmtError(error, request.verb, context.logger))
  }
}

function callHandler(request: MgmtRequest, handlers: VerbHandlers, context: VerbContext): unknown {
  const verb = validateArgs(request.verb, request.args)
  // `validateArgs` has just checked that the arguments are this verb's.
  const handler = handlers[verb] as (args: unknown, context: VerbContext) => unknown
  return handler(request.args, { signal: context.signal })
}

function toMgmtError(error: unknown, verb: string, logger: Logger): MgmtError {
  if (error instanceof MgmtError) return error
  if (error instanceof VaneError && error.kind !== 'internal') return new MgmtError('failed', error.message)
  logger.error({ err: error, verb }, 'management verb failed')
  return new MgmtError('internal', `${verb} failed inside the daemon; its log says why`)
}
