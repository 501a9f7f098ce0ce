import type { Socket } from 'node:net'
import type { StrictMessage } from '../support/strict-message.ts'
import { NotStrict, readStrictRequest } from '../support/strict-message.ts'
import { startRawUpstream, type TestServer } from '../support/upstream.ts'
import { makeResponse } from './message-grammar.ts'
import { mutateBytes } from './mutate-bytes.ts'
import type { Random } from './random.ts'
import { type MeantResponse, readMeantResponse } from './reference-reader.ts'

/** A request that came, and what it was answered with. */
export interface Answered {
  readonly request: StrictMessage
  readonly sent: string
  /** Whether the connection ended with it, or had before. */
  readonly hasEnded: boolean
  readonly meant: MeantResponse | undefined
}

/** What an upstream does in one round. */
export interface RoundPlan {
  readonly random: Random
  /** Part of every path that is asked for in this round, and in no other. */
  readonly mark: string
  /** How often an answer is damaged, 0 to 1. */
  readonly damage: number
}

/** An upstream that reads strictly and answers what a seed says. */
export interface FuzzUpstream extends TestServer {
  /** Of the round that is under way. */
  readonly answered: Answered[]
  /** What a strict reader refused of what the proxy sent. */
  readonly faults: Error[]
  /** Connections that the upstream has ended and the proxy has not closed. */
  readonly lingering: ReadonlySet<Socket>
  begin(plan: RoundPlan): void
}

/** Starts one. */
export async function startFuzzUpstream(): Promise<FuzzUpstream> {
  const answered: Answered[] = []
  const faults: Error[] = []
  const lingering = new Set<Socket>()
  let plan: RoundPlan | undefined
  let previousMark = ''

  const answer = (request: StrictMessage, socket: Socket): Answered => {
    // The proxy could not know yet that it asks in vain.
    if (!socket.writable) return { request, sent: '', hasEnded: true, meant: undefined }
    const method = request.startLine.split(' ')[0]!
    if (plan === undefined) throw new Error('no round under way')
    const { random, damage } = plan
    const sound = makeResponse(random, method)
    if (!random.chance(damage))
      return { request, sent: sound, hasEnded: false, meant: readMeantResponse(sound, method, false) }
    const sent = mutateBytes(random, sound)
    // A damaged answer may leave the proxy waiting for more of it.
    return { request, sent, hasEnded: true, meant: readMeantResponse(sent, method, true) }
  }

  /** The client of the round before broke off, and what was on the way for it has arrived only now. */
  const isLate = ({ startLine }: StrictMessage): boolean =>
    previousMark !== '' && previousMark !== plan?.mark && startLine.includes(previousMark)

  const server = await startRawUpstream((socket) => {
    let text = ''
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      lingering.delete(socket)
      // Kept for hours, they would be the leak that is looked for.
      server.sockets.splice(server.sockets.indexOf(socket), 1)
    })
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      try {
        for (let request; (request = readStrictRequest(text)) !== undefined;) {
          text = text.slice(request.end)
          if (isLate(request)) continue
          const entry = answer(request, socket)
          answered.push(entry)
          if (!socket.writable) continue
          socket.write(Buffer.from(entry.sent, 'latin1'))
          if (entry.hasEnded) {
            lingering.add(socket)
            socket.end()
          }
        }
      } catch (error) {
        faults.push(error instanceof NotStrict ? error : new Error('reader failed', { cause: error }))
        socket.destroy()
      }
    })
  })
  return {
    ...server,
    answered,
    faults,
    lingering,
    begin(next) {
      previousMark = plan?.mark ?? ''
      plan = next
      answered.length = 0
      faults.length = 0
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
