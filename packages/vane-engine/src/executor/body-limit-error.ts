/** A body that had to be in memory is larger than its rule allows. */
export class BodyLimitError extends Error {
  override readonly name = 'BodyLimitError'
  readonly direction: 'request' | 'response'

  constructor(direction: 'request' | 'response', limitBytes: number) {
    super(`${direction} body exceeds the limit of ${limitBytes} bytes`)
    this.direction = direction
  }
}
