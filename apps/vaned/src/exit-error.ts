import { VaneError } from 'vane-core'

/** Ends the process with a message for the operator and nothing else. */
export class ExitError extends Error {
  override readonly name = 'ExitError'
  /** 1: it failed; 2: it was called wrongly. */
  readonly exitCode: 1 | 2

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** What to print and how to end for anything thrown. Only a failure that is a bug of ours brings a stack. */
export function toExit(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof ExitError) return { message: error.message, exitCode: error.exitCode }
  if (error instanceof VaneError && error.kind !== 'internal') return { message: error.message, exitCode: 1 }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { message: `unexpected failure: ${text}`, exitCode: 1 }
}
