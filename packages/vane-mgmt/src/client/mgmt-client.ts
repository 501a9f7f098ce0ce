import { connect, type Socket } from 'node:net'
import type { VerbName, VerbTypes } from '../verbs/verbs.ts'
import { VERBS } from '../verbs/verbs.ts'
import { parseAnswer, type MgmtAnswer } from '../wire/answer.ts'
import { LineDecoder, type DecodedLine } from '../wire/line-decoder.ts'
import { MgmtError } from '../wire/mgmt-error.ts'
import { formatRequest, type RequestId } from '../wire/request.ts'
import { MgmtUnreachableError, toUnreachableError } from './unreachable-error.ts'

/** Answers may be large (a configuration of many thousand rules), but not endless. */
const MAX_ANSWER_LINE_BYTES = 64 * 1024 * 1024

/** What a client is made of. */
export interface MgmtClientOptions {
  readonly socketPath: string
  /** Milliseconds to wait for an answer, connecting included; default: the verb's own. */
  readonly timeoutMs?: number
}

/** A caller of verbs. Connects at the first call, keeps the connection, and makes a new one when it was lost. */
export interface MgmtClient {
  readonly socketPath: string
  /**
   * Calls a verb. Calls may be made side by side.
   *
   * @throws MgmtError where the daemon answered with an error.
   * @throws MgmtUnreachableError where it did not answer.
   */
  call<Verb extends VerbName>(verb: Verb, args?: VerbTypes[Verb]['args']): Promise<VerbTypes[Verb]['result']>
  /** Closes the connection; calls under way reject. */
  close(): void
}

interface PendingCall {
  resolve(answer: MgmtAnswer): void
  reject(error: Error): void
}

/** Makes a client; nothing is opened before the first call. */
export function createMgmtClient(options: MgmtClientOptions): MgmtClient {
  const { socketPath } = options
  const pending = new Map<RequestId, PendingCall>()
  let socket: Socket | undefined
  let nextId = 1

  const failAll = (error: Error): void => {
    const calls = [...pending.values()]
    pending.clear()
    for (const call of calls) call.reject(error)
  }
  const open = (): Socket => {
    const opened = connect(socketPath)
    const decoder = new LineDecoder(MAX_ANSWER_LINE_BYTES)
    const lose = (error: Error): void => {
      // A later connection's calls are none of this one's business.
      if (socket === opened) {
        socket = undefined
        failAll(error)
      }
      opened.destroy()
    }
    opened.on('data', (chunk: Uint8Array) => {
      for (const line of decoder.push(chunk)) {
        const answer = toAnswer(line)
        if (answer === undefined)
          return lose(new MgmtUnreachableError(socketPath, 'what answers there is no Vane daemon'))
        const call = pending.get(answer.request_id)
        pending.delete(answer.request_id)
        call?.resolve(answer)
      }
    })
    opened.on('error', (error) => lose(toUnreachableError(socketPath, error)))
    opened.on('close', () => lose(new MgmtUnreachableError(socketPath, 'it closed the connection before it answered')))
    return opened
  }

  return {
    socketPath,
    async call<Verb extends VerbName>(verb: Verb, args?: VerbTypes[Verb]['args']): Promise<VerbTypes[Verb]['result']> {
      const timeoutMs = options.timeoutMs ?? VERBS[verb].timeoutMs
      const requestId = nextId++
      socket ??= open()
      socket.write(formatRequest({ verb, args: { ...args }, requestId }))
      const answer = await new Promise<MgmtAnswer>((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(requestId)
          reject(
            new MgmtUnreachableError(socketPath, `no answer to ${verb} within ${timeoutMs} ms`, { code: 'ETIMEDOUT' }),
          )
        }, timeoutMs)
        pending.set(requestId, {
          resolve: (value) => {
            clearTimeout(timer)
            resolve(value)
          },
          reject: (error) => {
            clearTimeout(timer)
            reject(error)
          },
        })
      })
      if (answer.error !== null) throw new MgmtError(answer.error.code, answer.error.message, answer.error.data)
      // Shape by contract: the daemon is ours and of the same version family.
      return answer.result as VerbTypes[Verb]['result']
    },
    close(): void {
      const open = socket
      socket = undefined
      failAll(new MgmtUnreachableError(socketPath, 'the client was closed'))
      open?.destroy()
    },
  }
}

function toAnswer(line: DecodedLine): MgmtAnswer | undefined {
  return line.kind === 'text' ? parseAnswer(line.text) : undefined
}
