/** Error codes of RFC 9113 §7. */
export const ERROR_CODE = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ERROR_CODE).map(([name, code]) => [code, name.replaceAll(/[A-Z1]+/g, '_$&').toUpperCase()]),
)

/** Name of an error code for people. */
export function toErrorName(code: number): string {
  return NAMES.get(code) ?? `error code ${code}`
}
