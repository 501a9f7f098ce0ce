import type { Socket } from 'node:net'
import type { Logger } from 'vane-core'
import { LineDecoder, type DecodedLine } from '../wire/line-decoder.ts'
import { answerLine } from './answer-line.ts'
import type { VerbHandlers } from './handlers.ts'

/** Requests of one connection that may be at work at once; further ones wait unread. */
const MAX_RUNNING_REQUESTS = 16

/**
 * Answers the requests of one connection, each as soon as it is done: answers may overtake each other.
 * Needs a socket with `allowHalfOpen`, so that a peer that has said all it wants still gets its answers.
 */
export function serveConnection(socket: Socket, handlers: VerbHandlers, logger: Logger): void {
  const decoder = new LineDecoder()
  const canceled = new AbortController()
  const waiting: DecodedLine[] = []
  let running = 0
  let ended = false

  const pump = (): void => {
    // A peer that asks and never reads must not make us hold its answers: nothing is begun while the socket is full.
    while (waiting.length > 0 && running < MAX_RUNNING_REQUESTS && !socket.writableNeedDrain && !socket.destroyed) {
      void answer(waiting.shift()!)
    }
    if (waiting.length > 0 || socket.writableNeedDrain) socket.pause()
    else if (!ended) socket.resume()
    if (ended && waiting.length === 0 && running === 0) socket.end()
  }
  const answer = async (line: DecodedLine): Promise<void> => {
    running++
    const text = await answerLine(line, handlers, { signal: canceled.signal, logger })
    running--
    if (!socket.destroyed) socket.write(text)
    pump()
  }

  socket.on('data', (chunk: Uint8Array) => {
    for (const line of decoder.push(chunk)) waiting.push(line)
    pump()
  })
  socket.on('drain', pump)
  socket.on('end', () => {
    for (const line of decoder.end()) waiting.push(line)
    ended = true
    pump()
  })
  socket.on('error', (error) => {
    logger.debug({ err: error }, 'management connection failed')
  })
  socket.on('close', () => {
    waiting.length = 0
    canceled.abort()
  })
}
