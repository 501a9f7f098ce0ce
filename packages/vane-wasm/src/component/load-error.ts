import { VaneError } from 'vane-core'

import { quoteName } from './quote-name.ts'

/** Where a refusal belongs, besides its file. */
export interface LoadErrorOptions {
  /** The export of the plugin that is at fault. */
  readonly exportName?: string
  readonly cause?: unknown
}

/** Makes the `compile` error that refuses a component: it names the file, the export where there is one, and the reason. */
export function loadError(file: string, reason: string, options: LoadErrorOptions = {}): VaneError {
  const place = options.exportName === undefined ? file : `${file}: export ${quoteName(options.exportName)}`
  return new VaneError({ kind: 'compile' }, `${place}: ${reason}`, 'cause' in options ? { cause: options.cause } : {})
}
