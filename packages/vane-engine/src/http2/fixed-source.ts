import type { BodySource } from 'vane-core'

/** A body that is all there, as a source. */
export function fixedSource(bytes: Uint8Array): BodySource {
  return {
    start(sink) {
      sink.write(bytes)
      sink.end(undefined)
    },
    resume() {},
    cancel() {},
  }
}
