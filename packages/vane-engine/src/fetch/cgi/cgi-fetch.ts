import { dirname } from 'node:path'
import { type Body, type CgiTerminate, DEFAULT_MAX_BODY_BYTES } from 'vane-core'
import { BodyLimitError } from '../../executor/body-limit-error.ts'
import { collectBody } from '../../executor/collect-body.ts'
import type { Fetch, FetchOutcome, Flow } from '../../executor/flow.ts'
import { toStatusResponse } from '../../executor/respond-to-error.ts'
import { toCgiEnvironment } from './cgi-environment.ts'
import { CgiExchange } from './cgi-exchange.ts'
import type { CgiLog } from './cgi-log.ts'
import type { CgiSlots } from './cgi-slots.ts'
import { PathInfo } from './path-info.ts'

/** What the programs of an engine share. */
export interface CgiParts {
  readonly slots: CgiSlots
  readonly log: CgiLog
}

/**
 * A fetch that runs a program for each request (RFC 3875) and yields what it says.
 *
 * @param command of the program, with what it is started through.
 */
export function createCgiFetch(spec: CgiTerminate, command: readonly string[], { slots, log }: CgiParts): Fetch {
  const limitBytes = spec.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
  const mount = new PathInfo(spec.scriptName)
  const workingDir = spec.workingDir ?? dirname(spec.binary)

  const run = async (flow: Flow, pathInfo: string): Promise<FetchOutcome> => {
    const { connection, request } = flow
    let isCanceled = false
    flow.onCancel({ cancel: () => (isCanceled = true) })
    const body = await toInput(flow, limitBytes)
    if (isCanceled) throw new Error('request ended before its body was there')
    const contentLength = body.kind === 'empty' ? undefined : body.kind === 'fixed' ? body.bytes.length : body.length
    const leaveSlot = slots.take()
    // A program may go on after its answer, with its input in our hands.
    const { hold } = flow
    hold?.keep()
    const release = (): void => {
      leaveSlot()
      hold?.letGo()
    }
    let exchange: CgiExchange
    try {
      exchange = new CgiExchange({
        command,
        env: toCgiEnvironment(spec, request, { connection, pathInfo, contentLength }),
        workingDir,
        timeouts: spec.timeouts,
        method: request.method,
        body,
        log: log.open(spec.binary, connection.id),
        onExit: release,
      })
    } catch (error) {
      release()
      throw error
    }
    flow.onCancel(exchange)
    return { tag: 'response', response: await exchange.response }
  }

  return {
    start(flow) {
      const pathInfo = mount.of(flow.request.path)
      if (pathInfo === undefined) return { tag: 'response', response: toStatusResponse(404) }
      return run(flow, pathInfo)
    },
  }
}

/**
 * The program's input. Its length must be known beforehand (RFC 3875 §4.1.2), so that a body without one is read first.
 *
 * Rejects with {@link BodyLimitError} where it is longer than it may be, and as `collectBody` does.
 */
async function toInput(flow: Flow, limitBytes: number): Promise<Body> {
  const { body } = flow.request
  if (body.kind !== 'stream') {
    if (body.kind === 'fixed' && body.bytes.length > limitBytes) throw new BodyLimitError('request', limitBytes)
    return body
  }
  const isStreamed = body.length !== undefined && body.length <= limitBytes
  return isStreamed ? body : collectBody(body, { direction: 'request', limitBytes, hold: flow.openHold() })
}
