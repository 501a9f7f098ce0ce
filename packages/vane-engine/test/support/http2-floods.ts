import { F, frame, hpack, requestFields, settings, T, u32 } from './frame-client.ts'

const get = hpack(requestFields())
const post = hpack(requestFields({ ':method': 'POST' }))
const repeat = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array<Buffer>(count).fill(bytes))

/** What a client may not go on with: each ends in ENHANCE_YOUR_CALM and counts under the name of its limit. */
export const FLOODS: readonly (readonly [what: string, limit: string, flood: Buffer])[] = [
  [
    'rapid reset (CVE-2023-44487)',
    'http2_resets',
    Buffer.concat(
      Array.from({ length: 700 }, (_, n) =>
        Buffer.concat([frame(T.headers, F.endHeaders, 2 * n + 1, post), frame(T.rst, 0, 2 * n + 1, u32(8))]),
      ),
    ),
  ],
  [
    'streams that we are made to reset (CVE-2025-8671)',
    'http2_resets',
    Buffer.concat(
      Array.from({ length: 700 }, (_, n) =>
        Buffer.concat([frame(T.headers, F.end | F.endHeaders, 2 * n + 1, get), frame(T.window, 0, 2 * n + 1, u32(0))]),
      ),
    ),
  ],
  [
    'malformed requests',
    'http2_resets',
    Buffer.concat(
      Array.from({ length: 700 }, (_, n) =>
        frame(T.headers, F.end | F.endHeaders, 2 * n + 1, hpack(requestFields({ te: 'x' }))),
      ),
    ),
  ],
  ['SETTINGS (CVE-2019-9515)', 'http2_settings', repeat(100, frame(T.settings, 0, 0, settings([4, 65_535])))],
  ['acknowledgements of SETTINGS', 'http2_settings', repeat(100, frame(T.settings, F.ack, 0))],
  ['PING (CVE-2019-9512)', 'http2_pings', repeat(700, frame(T.ping, 0, 0, Buffer.alloc(8)))],
  ['acknowledgements of PING', 'http2_pings', repeat(700, frame(T.ping, F.ack, 0, Buffer.alloc(8)))],
  [
    'empty DATA (CVE-2019-9518)',
    'http2_empty_frames',
    Buffer.concat([frame(T.headers, F.endHeaders, 1, post), repeat(700, frame(T.data, 0, 1))]),
  ],
  [
    'DATA of padding alone',
    'http2_empty_frames',
    Buffer.concat([
      frame(T.headers, F.endHeaders, 1, post),
      repeat(700, frame(T.data, F.padded, 1, Buffer.from([3, 0, 0, 0]))),
    ]),
  ],
  ['PRIORITY (CVE-2019-9513)', 'http2_empty_frames', repeat(700, frame(T.priority, 0, 3, Buffer.alloc(5)))],
  ['unknown frames', 'http2_empty_frames', repeat(700, frame(0x42, 0, 0))],
  ['WINDOW_UPDATE', 'http2_window_updates', repeat(5_000, frame(T.window, 0, 0, u32(1)))],
  [
    'CONTINUATION (CVE-2024-27316)',
    'http2_continuations',
    Buffer.concat([frame(T.headers, F.end, 1, get), repeat(100, frame(T.continuation, 0, 1, hpack([['x', 'y']])))]),
  ],
  [
    'empty CONTINUATION',
    'http2_continuations',
    Buffer.concat([frame(T.headers, F.end, 1, get), repeat(100, frame(T.continuation, 0, 1))]),
  ],
  [
    'a field block without end',
    'http2_continuations',
    Buffer.concat([frame(T.headers, F.end, 1, get), repeat(9, frame(T.continuation, 0, 1, Buffer.alloc(16_384)))]),
  ],
]
