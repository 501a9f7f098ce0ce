/** Frame types of RFC 9113 §6. Others are skipped. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames; ACK shares its bit with END_STREAM. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

/** Settings of RFC 9113 §6.5.2. */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

/** Bytes of a frame's header. */
export const FRAME_HEADER_BYTES = 9
/** Largest payload that is taken: the initial value of SETTINGS_MAX_FRAME_SIZE, which is never changed. */
export const MAX_FRAME_BYTES = 16_384
/** Flow-control window that streams and connections begin with. */
export const INITIAL_WINDOW_BYTES = 65_535
/** Largest flow-control window, and largest stream id. */
export const MAX_31_BIT = 0x7fffffff
/** What a client's connection begins with (RFC 9113 §3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
