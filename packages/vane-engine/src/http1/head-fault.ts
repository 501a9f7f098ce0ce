/** A head, or what frames a body, is not HTTP/1.1 as RFC 9112 has it. Whose fault that is, the decoder that met it says. */
export class HeadFault extends Error {
  override readonly name = 'HeadFault'
  /** Well-formed as far as it goes, but more than is allowed. */
  readonly isTooLarge: boolean

  constructor(message: string, isTooLarge = false) {
    super(message)
    this.isTooLarge = isTooLarge
  }
}
