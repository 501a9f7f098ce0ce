import type { BodySource } from 'vane-core'

/** Content that a head declares but that does not come (RFC 9110 §8.6: answers to HEAD, 304). */
export const NO_CONTENT: BodySource = {
  start: (sink) => sink.end(undefined),
  resume: () => {},
  cancel: () => {},
}
