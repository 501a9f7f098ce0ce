/** Bytes in a response, by path. Every other path is answered like `/`. */
export const UPSTREAM_BODIES: ReadonlyMap<string, number> = new Map([
  ['/', 1024],
  ['/16k', 16 * 1024],
  ['/1m', 1024 * 1024],
])
