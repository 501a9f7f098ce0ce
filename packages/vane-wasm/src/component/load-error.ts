import { VaneError } from 'vane-core'

/** Where a refusal belongs, besides its file. */
export interface LoadErrorOptions {
  /** The export of the plugin that is at fault. */
  readonly exportName?: string
  readonly cause?: unknown
}

const MAX_EXPORT_NAME_LENGTH = 80

/** Makes the `compile` error that refuses a component: it names the file, the export where there is one, and the reason. */
export function loadError(file: string, reason: string, options: LoadErrorOptions = {}): VaneError {
  const place = options.exportName === undefined ? file : `${file}: export ${quoteName(options.exportName)}`
  return new VaneError({ kind: 'compile' }, `${place}: ${reason}`, 'cause' in options ? { cause: options.cause } : {})
}

/** A plugin's own name for something, fit for a message: quoted, escaped and short. */
export function quoteName(name: string): string {
  const short = name.length > MAX_EXPORT_NAME_LENGTH ? `${name.slice(0, MAX_EXPORT_NAME_LENGTH)}…` : name
  // What JSON leaves as it is, but a terminal or a log reader may take for a line's end or a command.
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
