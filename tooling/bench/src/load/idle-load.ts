import { connect, type Socket } from 'node:net'
import { formatRequests, type RequestShape } from '../workload/request-shape.ts'
import { ResponseReader } from './response-reader.ts'

/** What to open. */
export interface IdlePlan {
  readonly url: string
  readonly request: RequestShape
  readonly connections: number
}

/** Connections that stand and carry nothing. */
export interface IdleConnections {
  /** That were answered with a success. */
  readonly opened: number
  readonly failed: number
  /** That still stand. */
  kept(): number
  close(): void
}

/** Connections on their way at a time: few, so that proxies need few to the upstream. */
const CONCURRENCY = 32
const ANSWER_TIMEOUT_MS = 10_000

/** Opens connections and sends one request on each, which is answered before the promise resolves. */
export async function openIdleConnections({ url, request, connections }: IdlePlan): Promise<IdleConnections> {
  const target = new URL(url)
  const [bytes] = formatRequests(request, target.host)
  const open = new Set<Socket>()
  let begun = 0
  let failed = 0
  const work = async (): Promise<void> => {
    while (begun < connections) {
      begun += 1
      const socket = await openOne(target, bytes!)
      if (socket === undefined) {
        failed += 1
        continue
      }
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return {
    opened: connections - failed,
    failed,
    kept: () => open.size,
    close: () => open.forEach((socket) => socket.destroy()),
  }
}

function openOne(target: URL, request: Buffer): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const reader = new ResponseReader()
    const socket = connect({ host: target.hostname, port: Number(target.port) }, () => socket.write(request))
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy())
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(undefined))
    socket.on('data', (chunk: Buffer) => {
      const status = reader.push(chunk)
      if (status === undefined) return
      socket.setTimeout(0)
      if (status >= 200 && status < 400) resolve(socket)
      else socket.destroy()
    })
  })
}
