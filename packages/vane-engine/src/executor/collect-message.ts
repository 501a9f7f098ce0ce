import { BodyLimitError } from './body-limit-error.ts'
import { collectBody } from './collect-body.ts'
import type { Flow } from './flow.ts'

/**
 * Reads the body of a walk's request or response into memory, where it is not, and gives it to the message. Rejects as
 * {@link collectBody} does.
 *
 * @returns `undefined` where there is nothing to wait for.
 */
export function collectMessage(
  flow: Pick<Flow, 'request' | 'response' | 'openHold'>,
  direction: 'request' | 'response',
  limitBytes: number,
): Promise<void> | undefined {
  const { request, response } = flow
  const message = direction === 'request' ? request : response
  if (message === undefined || message.body.kind === 'empty') return undefined
  const { body } = message
  if (body.kind === 'fixed') {
    // It came with its head; that does not make it smaller.
    return body.bytes.length <= limitBytes ? undefined : Promise.reject(new BodyLimitError(direction, limitBytes))
  }
  // A length without content: there is nothing to collect, and the length is not ours to limit.
  if (direction === 'response' && (request.method === 'HEAD' || response?.status === 304)) return undefined
  return collectBody(body, { direction, limitBytes, hold: flow.openHold() }).then((collected) => {
    message.body = collected
  })
}
