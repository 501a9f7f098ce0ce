import type { DrawBoxKind } from './node-words.ts'

/** Path data of each kind's sign, in a square of 14 pixels: the kinds differ in more than colour. */
export const SVG_ICONS: Readonly<Record<DrawBoxKind, string>> = {
  listener: 'M1 7h7M5.5 4L8.5 7l-3 3M8 1.5h4.5v11H8',
  check: 'M7 1l6 6-6 6-6-6z',
  dispatch: 'M1 7h11M4 7l5-5h3M4 7l5 5h3',
  candidate: 'M3 13V1.5h8L8.5 4.5 11 7.5H3',
  choose: 'M1 2l5 5M13 2L8 7M7 1v5M7 7v6M4.5 10.5L7 13l2.5-2.5',
  upgrade: 'M7 12.5v-11M2.5 6L7 1.5 11.5 6',
  middleware: 'M1 4h3.5m4 0H13M1 10h5.5m4 0H13M4.5 4a2 2 0 1 0 4 0a2 2 0 1 0-4 0M6.5 10a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  plugin: 'M7 1l5.2 3v6L7 13 1.8 10V4zM1.8 4L7 7l5.2-3M7 7v6',
  fetch: 'M1.5 1.5h11v4.5h-11zM1.5 8h11v4.5h-11zM4 3.75h.5M4 10.25h.5',
  terminate: 'M13 3v4.5H1.5M5.5 3.5l-4 4 4 4',
  close: 'M2.5 2.5l9 9M11.5 2.5l-9 9',
  more: 'M2 7h.5M6.75 7h.5M11.5 7h.5',
  missing: 'M7 1.5v7M7 12v.5',
}

/** What the legend calls each kind. */
export const KIND_WORDS: Readonly<Record<DrawBoxKind, string>> = {
  listener: 'listener',
  check: 'check',
  dispatch: 'dispatch',
  candidate: 'candidate',
  choose: 'choice',
  upgrade: 'upgrade',
  middleware: 'middleware',
  plugin: 'plugin',
  fetch: 'fetch',
  terminate: 'terminator',
  close: 'close',
  more: 'not drawn',
  missing: 'missing',
}
