import type { ConnectionErrorEvent, TerminateEvent, UpgradeEvent } from 'vane-core'
import type { Connection } from '../listen/connection.ts'

/** The flow log's entry for bytes that have become HTTP. @param protocol such as `http/1.1` or `h2`. */
export function toUpgradeEvent(connection: Connection, protocol: string): UpgradeEvent {
  return { event: 'upgrade', ...baseOf(connection), protocol }
}

/** The flow log's entry for a connection that has closed. */
export function toTerminateEvent(
  connection: Connection,
  bytes: { readonly bytesRead: number; readonly bytesWritten: number },
): TerminateEvent {
  const base = baseOf(connection)
  return {
    event: 'terminate',
    ...base,
    durationMs: Math.max(0, base.unixMs - connection.acceptUnixMs),
    requests: connection.requests,
    forwarded: connection.forwarded,
    bytesIn: bytes.bytesRead,
    bytesOut: bytes.bytesWritten,
  }
}

/** The flow log's entry for what went wrong on a connection before there was a request to blame. */
export function toErrorEvent(connection: Connection, error: string): ConnectionErrorEvent {
  return { event: 'error', ...baseOf(connection), error }
}

function baseOf({ id, entryKey, peerIp }: Connection): {
  readonly unixMs: number
  readonly connectionId: string
  readonly entry: string
  readonly peer: string | undefined
} {
  return { unixMs: Date.now(), connectionId: id, entry: entryKey, peer: peerIp }
}
