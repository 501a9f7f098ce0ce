import type { ListenerKind } from 'vane-core'
import type { DetectedProtocol } from './detect-protocol.ts'

/**
 * What becomes of a connection: `handshake` goes on in TLS and then in HTTP, `serve` in HTTP in clear, `walk` with the rules
 * that forward bytes, `explain` answers cleartext HTTP with 400, since TLS was expected, and closes.
 */
export type Course = 'walk' | 'serve' | 'handshake' | 'explain' | 'close'

/** One row of the table. */
export interface CourseRow {
  readonly listener: ListenerKind
  readonly detected: readonly DetectedProtocol[]
  /** Whether the listener has certificates; absent: either way. */
  readonly certificates?: boolean
  readonly course: Course
}

/** What a listener of some kind does with what its connections turn out to speak. Exactly one row holds for each. */
export const COURSES: readonly CourseRow[] = [
  { listener: 'raw', detected: ['tls', 'http1', 'http2', 'unknown'], course: 'walk' },

  { listener: 'http', detected: ['tls'], certificates: true, course: 'handshake' },
  { listener: 'http', detected: ['tls'], certificates: false, course: 'close' },
  { listener: 'http', detected: ['http1', 'http2'], certificates: true, course: 'explain' },
  { listener: 'http', detected: ['http1', 'http2'], certificates: false, course: 'serve' },
  // The HTTP decoder says what is wrong with what is no HTTP.
  { listener: 'http', detected: ['unknown'], certificates: false, course: 'serve' },
  { listener: 'http', detected: ['unknown'], certificates: true, course: 'close' },

  { listener: 'auto', detected: ['tls'], certificates: true, course: 'handshake' },
  { listener: 'auto', detected: ['tls'], certificates: false, course: 'walk' },
  { listener: 'auto', detected: ['http1', 'http2'], course: 'serve' },
  { listener: 'auto', detected: ['unknown'], course: 'walk' },
]

/** Finds the row for a connection. */
export function decideCourse(listener: ListenerKind, detected: DetectedProtocol, certificates: boolean): Course {
  const row = COURSES.find(
    (each) =>
      each.listener === listener &&
      each.detected.includes(detected) &&
      (each.certificates === undefined || each.certificates === certificates),
  )
  return row?.course ?? 'close'
}
