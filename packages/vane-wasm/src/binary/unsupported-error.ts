import { BinaryFormatError } from './binary-format-error.ts'

/** A binary that may be well-formed but uses what this host does not run. The message names it. */
export class UnsupportedError extends BinaryFormatError {
  override readonly name: string = 'UnsupportedError'
}
