import { connect, type Socket } from 'node:net'
import type { StreamVerbName, StreamVerbTypes } from '../verbs/verbs.ts'
import { parseAnswer } from '../wire/answer.ts'
import { LineDecoder, type DecodedLine } from '../wire/line-decoder.ts'
import { MgmtError } from '../wire/mgmt-error.ts'
import { formatRequest } from '../wire/request.ts'
import { parseFrame, type StreamFrame } from '../wire/stream-frame.ts'
import { MgmtUnreachableError, toUnreachableError } from './unreachable-error.ts'

/** One event in a line; larger ones are no daemon's. */
const MAX_FRAME_LINE_BYTES = 16 * 1024 * 1024

/** What a stream is made of, in order. The last is an `end`. */
export type StreamItem<Data> =
  | { readonly kind: 'data'; readonly seq: number; readonly data: Data }
  | Exclude<StreamFrame, { readonly kind: 'data' }>

/** A stream to ask for. */
export interface StreamRequest<Verb extends StreamVerbName> {
  readonly verb: Verb
  readonly args?: StreamVerbTypes[Verb]['args']
}

/**
 * Asks for a stream on a connection of its own, which closes when the caller stops iterating: that cancels the stream. A
 * caller that is slow makes the daemon drop data, and is told.
 *
 * @throws MgmtError where the daemon answered with an error.
 * @throws MgmtUnreachableError where it did not answer, or went away before the end.
 */
export async function* openStream<Verb extends StreamVerbName>(
  socketPath: string,
  { verb, args }: StreamRequest<Verb>,
): AsyncGenerator<StreamItem<StreamVerbTypes[Verb]['data']>, void, undefined> {
  const socket = connect(socketPath)
  const decoder = new LineDecoder(MAX_FRAME_LINE_BYTES)
  socket.write(formatRequest({ verb, args: { ...args }, requestId: 1 }))
  try {
    for await (const chunk of chunksOf(socket, socketPath)) {
      for (const line of decoder.push(chunk)) {
        const frame = toFrame(line, socketPath)
        // Shape by contract: the daemon is ours and of the same version family.
        yield frame as StreamItem<StreamVerbTypes[Verb]['data']>
        if (frame.kind === 'end') return
      }
    }
    throw new MgmtUnreachableError(socketPath, 'it closed the connection before the stream was over')
  } finally {
    socket.destroy()
  }
}

async function* chunksOf(socket: Socket, socketPath: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of socket) yield chunk as Uint8Array
  } catch (error) {
    throw toUnreachableError(socketPath, error as NodeJS.ErrnoException)
  }
}

function toFrame(line: DecodedLine, socketPath: string): StreamFrame {
  const parsed = line.kind === 'text' ? parseFrame(line.text) : undefined
  if (parsed !== undefined) return parsed.frame
  const answer = line.kind === 'text' ? parseAnswer(line.text) : undefined
  if (answer !== undefined && answer.error !== null) {
    throw new MgmtError(answer.error.code, answer.error.message, answer.error.data)
  }
  throw new MgmtUnreachableError(socketPath, 'what answers there is no Vane daemon')
}
