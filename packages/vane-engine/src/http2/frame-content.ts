import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { FLAG } from './frame-type.ts'
import type { Frame } from './frame-reader.ts'

/**
 * What a DATA or HEADERS frame carries besides padding (RFC 9113 §6.1).
 *
 * @throws ConnectionFault where the padding is as long as the frame.
 */
export function withoutPadding({ flags, payload }: Frame): Buffer {
  if ((flags & FLAG.padded) === 0) return payload
  const padding = payload[0]
  if (padding === undefined) throw new ConnectionFault(ERROR_CODE.frameSizeError, 'padded frame without a length')
  if (padding >= payload.length)
    throw new ConnectionFault(ERROR_CODE.protocolError, `${padding} bytes of padding in a frame of ${payload.length}`)
  return payload.subarray(1, payload.length - padding)
}

/**
 * The part of a field block that a HEADERS frame carries. Priority is read over: RFC 9113 §5.3 has done away with it.
 *
 * @throws ConnectionFault where the frame is malformed.
 */
export function toBlockFragment(frame: Frame): Buffer {
  const content = withoutPadding(frame)
  if ((frame.flags & FLAG.priority) === 0) return content
  if (content.length < 5) throw new ConnectionFault(ERROR_CODE.frameSizeError, 'HEADERS too short for its priority')
  if (dependencyOf(content) === frame.streamId)
    throw new ConnectionFault(ERROR_CODE.protocolError, `stream ${frame.streamId} depends on itself`)
  return content.subarray(5)
}

/** The stream that a priority names. */
export function dependencyOf(priority: Buffer): number {
  return priority.readUInt32BE(0) & 0x7fffffff
}
