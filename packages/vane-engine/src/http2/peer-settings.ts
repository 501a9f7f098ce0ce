import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { INITIAL_WINDOW_BYTES, MAX_31_BIT, MAX_FRAME_BYTES, SETTING } from './frame-type.ts'

const MAX_FRAME_SIZE_SETTING = 16_777_215
/** Streams that are opened before the peer has said how many it takes. */
const ASSUMED_STREAMS = 100

/** What the peer has asked for in SETTINGS (RFC 9113 §6.5.2), and before that the initial values. */
export class PeerSettings {
  tableBytes = 4096
  maxConcurrentStreams: number = ASSUMED_STREAMS
  initialWindowBytes: number = INITIAL_WINDOW_BYTES
  /** Largest payload that is sent to it; we never make use of more than the smallest value a peer can have. */
  readonly maxFrameBytes: number = MAX_FRAME_BYTES
  readonly #isServer: boolean
  #isFirst = true

  /** @param isServer whether the peer is a server. */
  constructor(isServer: boolean) {
    this.#isServer = isServer
  }

  /**
   * Takes the payload of a SETTINGS frame.
   *
   * @throws ConnectionFault for values that no peer may ask for.
   */
  apply(payload: Buffer): void {
    if (payload.length % 6 !== 0)
      throw new ConnectionFault(ERROR_CODE.frameSizeError, `SETTINGS of ${payload.length} bytes`)
    if (this.#isFirst) this.maxConcurrentStreams = MAX_31_BIT
    this.#isFirst = false
    for (let at = 0; at < payload.length; at += 6) this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SETTING.headerTableSize:
        this.tableBytes = value
        return
      case SETTING.enablePush:
        // A server has nothing to be pushed (RFC 9113 §6.5.2).
        if (value > (this.#isServer ? 0 : 1)) throw invalid('ENABLE_PUSH', value)
        return
      case SETTING.maxConcurrentStreams:
        this.maxConcurrentStreams = value
        return
      case SETTING.initialWindowSize:
        if (value > MAX_31_BIT) throw invalid('INITIAL_WINDOW_SIZE', value, ERROR_CODE.flowControlError)
        this.initialWindowBytes = value
        return
      case SETTING.maxFrameSize:
        if (value < MAX_FRAME_BYTES || value > MAX_FRAME_SIZE_SETTING) throw invalid('MAX_FRAME_SIZE', value)
        return
      default:
      // Unknown settings are ignored (RFC 9113 §6.5.2); MAX_HEADER_LIST_SIZE is advice.
    }
  }
}

function invalid(name: string, value: number, code: number = ERROR_CODE.protocolError): ConnectionFault {
  return new ConnectionFault(code, `SETTINGS_${name} of ${value}`)
}
