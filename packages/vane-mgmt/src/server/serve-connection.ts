import type { Socket } from 'node:net'
import type { Logger } from 'vane-core'
import { LineDecoder, type DecodedLine } from '../wire/line-decoder.ts'
import type { RequestId } from '../wire/request.ts'
import { answerLine } from './answer-line.ts'
import { FrameWriter } from './frame-writer.ts'
import type { VerbHandlers } from './handlers.ts'

/** Requests of one connection that may be at work at once, streams among them; further ones wait unread. */
const MAX_RUNNING_REQUESTS = 16

/** How often a peer that has closed its side is asked whether it is still there to read its streams. */
const PROBE_INTERVAL_MS = 1_000

/** A connection that is being served. */
export interface ServedConnection {
  /** Ends its streams and then the connection, once the peer has taken what is written. */
  end(): void
}

/**
 * Answers the requests of one connection, each as soon as it is done: answers may overtake each other.
 * Needs a socket with `allowHalfOpen`, so that a peer that has said all it wants still gets its answers.
 */
export function serveConnection(socket: Socket, handlers: VerbHandlers, logger: Logger): ServedConnection {
  const decoder = new LineDecoder()
  const canceled = new AbortController()
  const waiting: DecodedLine[] = []
  const streams = new Set<FrameWriter>()
  let running = 0
  let ended = false
  let probe: NodeJS.Timeout | undefined

  const pump = (): void => {
    // A peer that asks and never reads must not make us hold its answers: nothing is begun while the socket is full.
    while (waiting.length > 0 && running < MAX_RUNNING_REQUESTS && !socket.writableNeedDrain && !socket.destroyed) {
      void answer(waiting.shift()!)
    }
    if (waiting.length > 0 || socket.writableNeedDrain) socket.pause()
    else if (!ended) socket.resume()
    if (ended && waiting.length === 0 && running === 0) socket.end()
  }
  const openStream = (requestId: RequestId): FrameWriter => {
    const stream = new FrameWriter(socket, requestId)
    streams.add(stream)
    void stream.ended.then(() => streams.delete(stream))
    return stream
  }
  const answer = async (line: DecodedLine): Promise<void> => {
    running++
    const text = await answerLine(line, handlers, { signal: canceled.signal, logger, openStream })
    running--
    if (!socket.destroyed && text !== '') socket.write(text)
    pump()
  }

  socket.on('data', (chunk: Uint8Array) => {
    for (const line of decoder.push(chunk)) waiting.push(line)
    pump()
  })
  socket.on('drain', () => {
    for (const stream of streams) stream.resume()
    pump()
  })
  socket.on('end', () => {
    for (const line of decoder.end()) waiting.push(line)
    ended = true
    pump()
    // One side closed or both: only a write tells. A blank line is nothing to a reader, and an error where there is none.
    probe = setInterval(() => {
      if (streams.size > 0 && !socket.writableNeedDrain) socket.write('\n')
    }, PROBE_INTERVAL_MS).unref()
  })
  socket.on('error', (error) => {
    logger.debug({ err: error }, 'management connection failed')
  })
  socket.on('close', () => {
    clearInterval(probe)
    waiting.length = 0
    canceled.abort()
    for (const stream of streams) stream.drop()
  })
  return {
    end() {
      for (const stream of streams) stream.finish('shutdown')
      socket.end()
    },
  }
}
