/** What went wrong in a build. A consumer's `switch` needs a default: codes are added. */
export type BuildErrorCode =
  | 'entry-not-found'
  | 'syntax'
  | 'metadata'
  | 'world-not-found'
  | 'component'
  | 'toolchain-missing'

/** A place in a source file; lines and columns count from 1. */
export interface SourcePlace {
  file: string
  line?: number
  column?: number
}

/** A plugin could not be built. The message begins with `file:line:column: ` as far as these are known. */
export class BuildError extends Error {
  override readonly name: string = 'BuildError'
  readonly code: BuildErrorCode
  readonly place: SourcePlace | undefined

  constructor(code: BuildErrorCode, message: string, options: { place?: SourcePlace; cause?: unknown } = {}) {
    super(options.place === undefined ? message : `${formatPlace(options.place)}: ${message}`, { cause: options.cause })
    this.code = code
    this.place = options.place
  }
}

function formatPlace({ file, line, column }: SourcePlace): string {
  return [file, line, column].filter((part) => part !== undefined).join(':')
}
