import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import type { Frame } from './frame-reader.ts'
import { FLAG, FRAME } from './frame-type.ts'

interface FrameRule {
  readonly name: string
  /** Where the frame may stand. */
  readonly on: 'stream' | 'connection' | 'both'
  /** Bytes of its payload, where they are fixed. */
  readonly bytes?: number
}

const RULES: readonly FrameRule[] = [
  { name: 'DATA', on: 'stream' },
  { name: 'HEADERS', on: 'stream' },
  { name: 'PRIORITY', on: 'stream', bytes: 5 },
  { name: 'RST_STREAM', on: 'stream', bytes: 4 },
  { name: 'SETTINGS', on: 'connection' },
  { name: 'PUSH_PROMISE', on: 'stream' },
  { name: 'PING', on: 'connection', bytes: 8 },
  { name: 'GOAWAY', on: 'connection' },
  { name: 'WINDOW_UPDATE', on: 'both', bytes: 4 },
  { name: 'CONTINUATION', on: 'stream' },
]

/**
 * What a frame's header alone shows to be wrong (RFC 9113 §6). Frames of unknown types pass.
 *
 * @throws ConnectionFault
 */
export function checkFrame({ type, flags, streamId, payload }: Frame): void {
  const rule = RULES[type]
  if (rule === undefined) return
  if (streamId === 0 ? rule.on === 'stream' : rule.on === 'connection')
    throw new ConnectionFault(ERROR_CODE.protocolError, `${rule.name} on stream ${streamId}`)
  if (rule.bytes !== undefined && payload.length !== rule.bytes)
    throw new ConnectionFault(ERROR_CODE.frameSizeError, `${rule.name} of ${payload.length} bytes`)
  const isWrong =
    (type === FRAME.goaway && payload.length < 8) ||
    (type === FRAME.settings && (flags & FLAG.ack) !== 0 && payload.length > 0)
  if (isWrong) throw new ConnectionFault(ERROR_CODE.frameSizeError, `${rule.name} of ${payload.length} bytes`)
  if (type === FRAME.pushPromise)
    throw new ConnectionFault(ERROR_CODE.protocolError, 'PUSH_PROMISE, which nobody asked for')
}
