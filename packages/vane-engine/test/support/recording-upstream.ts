import { NotStrict, readStrictRequest, type StrictMessage } from './strict-message.ts'
import { startRawUpstream, type TestServer } from './upstream.ts'

/** An upstream that keeps every byte it was sent, reads it strictly, and answers each complete request. */
export interface RecordingUpstream extends TestServer {
  /** Of each connection, everything it carried, as latin1. */
  readonly received: string[]
  /** Requests that came completely, in order. */
  readonly requests: StrictMessage[]
  /** What a strict reader would have refused. */
  readonly faults: Error[]
  /** Forgets what came until now. */
  forget(): void
}

/** Answers a request unless a test says otherwise. */
export const PLAIN_ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/**
 * Starts such an upstream.
 *
 * @param answer bytes for a complete request, as latin1.
 */
export async function startRecordingUpstream(
  answer: (request: StrictMessage) => string = () => PLAIN_ANSWER,
): Promise<RecordingUpstream> {
  const received: string[] = []
  const requests: StrictMessage[] = []
  const faults: Error[] = []
  const server = await startRawUpstream((socket) => {
    // Texts of connections that began before `forget` are kept apart from those after it.
    let index = received.push('') - 1
    let text = ''
    let read = 0
    let generation = forgotten
    socket.on('end', () => socket.end())
    socket.on('data', (chunk) => {
      const piece = chunk.toString('latin1')
      text += piece
      if (generation !== forgotten) {
        generation = forgotten
        index = received.push('') - 1
      }
      received[index] += piece
      try {
        for (let request; (request = readStrictRequest(text, read)) !== undefined;) {
          read = request.end
          requests.push(request)
          socket.write(Buffer.from(answer(request), 'latin1'))
        }
      } catch (error) {
        faults.push(error instanceof NotStrict ? error : new Error('reader failed', { cause: error }))
        socket.destroy()
      }
    })
  })
  let forgotten = 0
  return {
    ...server,
    received,
    requests,
    faults,
    forget() {
      forgotten++
      received.length = 0
      requests.length = 0
      faults.length = 0
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
