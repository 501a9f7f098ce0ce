/** Bytes that end too early, hold an impossible number, or use what is not supported. The message is the reason alone. */
export class BinaryFormatError extends Error {
  override readonly name: string = 'BinaryFormatError'
}
