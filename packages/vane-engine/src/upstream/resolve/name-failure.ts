/** Why a name has no address. */
export class NameFailure extends Error {
  override readonly name = 'NameFailure'
  /** Somebody who ought to know says that there is none, rather than nobody knowing. */
  readonly isDenied: boolean

  /** @param message names who was asked, and what came of it. */
  constructor(message: string, isDenied: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.isDenied = isDenied
  }
}
