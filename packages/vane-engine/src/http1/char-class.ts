/** A byte of a token (RFC 9110 §5.6.2). */
export const TOKEN = 1
/** A byte of a field value: visible ASCII, space, tab and what is above ASCII (RFC 9110 §5.5). */
export const VALUE = 2
/** A byte of a request target: visible ASCII but `#`, since a fragment is never sent (RFC 9112 §3.2). */
export const TARGET = 4

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const COLON = 0x3a

/** What each byte may be part of: a sum of {@link TOKEN}, {@link VALUE} and {@link TARGET}. */
export const CHAR_CLASS: Uint8Array = makeClasses()

function makeClasses(): Uint8Array {
  const classes = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) {
    const text = String.fromCharCode(byte)
    if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(text)) classes[byte]! |= TOKEN
    if (byte === TAB || (byte >= SPACE && byte !== 0x7f)) classes[byte]! |= VALUE
    if (byte > SPACE && byte < 0x7f && text !== '#') classes[byte]! |= TARGET
  }
  return classes
}
