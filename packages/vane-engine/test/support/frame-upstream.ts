import type { Socket } from 'node:net'
import { F, frame, FramePeer, hpack, T } from './frame-client.ts'
import { startRawUpstream, type TestServer } from './upstream.ts'
import { until } from './until.ts'

/** An upstream that sends frames. */
export interface FrameUpstream extends TestServer {
  /** Its connections, each with its SETTINGS out. */
  readonly peers: FramePeer[]
  /** Waits for the request with that stream id on a connection. */
  request(
    id: number,
    at?: number,
  ): Promise<{ readonly peer: FramePeer; readonly fields: Readonly<Record<string, string>> }>
}

/** Starts such an upstream. */
export async function startFrames(initial: Uint8Array = frame(T.settings, 0, 0)): Promise<FrameUpstream> {
  const peers: FramePeer[] = []
  const server = await startRawUpstream((socket: Socket) => {
    const peer = new FramePeer(socket, true)
    peer.send(initial)
    peers.push(peer)
  })
  return Object.assign(server, {
    peers,
    request: async (id: number, at = 0) => {
      const peer = await until(`connection ${at}`, () => peers[at])
      return { peer, fields: (await peer.received(T.headers, id)).fields }
    },
  })
}

/** A response's head, with status 200. */
export function head(id: number, fields: [string, string][] = [], flags = 0): Buffer {
  return frame(T.headers, F.endHeaders | flags, id, hpack([[':status', '200'], ...fields]))
}
