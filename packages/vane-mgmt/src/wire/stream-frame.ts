import { isRecord, isRequestId, type RequestId } from './request.ts'

/** A line of a stream, without the request it belongs to. */
export type StreamFrame =
  /** `seq` counts from 0, those included that were dropped. */
  | { readonly kind: 'data'; readonly seq: number; readonly data: unknown }
  /** The reader was too slow for so many. */
  | { readonly kind: 'dropped'; readonly count: number; readonly reason: string }
  /** `complete`: there is no more; `shutdown`: the daemon ends. */
  | { readonly kind: 'end'; readonly reason: string }

/** One line for a frame, newline included. */
export function formatFrame(requestId: RequestId, frame: StreamFrame): string {
  return `${JSON.stringify({ request_id: requestId, stream: toBody(frame) })}\n`
}

function toBody(frame: StreamFrame): object {
  switch (frame.kind) {
    case 'data':
      return { seq: frame.seq, data: frame.data }
    case 'dropped':
      return { dropped: frame.count, reason: frame.reason }
    case 'end':
      return { end: true, reason: frame.reason }
  }
}

/** Reads one line as a frame; `undefined` where it is none. Keys that a newer daemon adds are passed over. */
export function parseFrame(text: string): { readonly requestId: RequestId; readonly frame: StreamFrame } | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(value) || !isRecord(value['stream'])) return undefined
  const { request_id: requestId = null, stream } = value
  const frame = toFrame(stream)
  return frame === undefined || !isRequestId(requestId) ? undefined : { requestId, frame }
}

function toFrame({ seq, data, dropped, end, reason }: Readonly<Record<string, unknown>>): StreamFrame | undefined {
  const why = typeof reason === 'string' ? reason : ''
  if (end === true) return { kind: 'end', reason: why }
  if (typeof dropped === 'number') return { kind: 'dropped', count: dropped, reason: why }
  return typeof seq === 'number' ? { kind: 'data', seq, data } : undefined
}
