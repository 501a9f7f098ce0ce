/** Fields that a decoder has to understand, or that say something about the connection alone. */
export const UNKNOWN_FIELD = 0
export const HOST = 1
export const CONTENT_LENGTH = 2
export const TRANSFER_ENCODING = 3
export const CONNECTION = 4
export const EXPECT = 5
export const UPGRADE = 6
export const DATE = 7
/** Any other field that never crosses the proxy. */
export const OTHER_OMITTED = 8
/** What CGI, WSGI and PHP cannot tell from `content-length` or `transfer-encoding`: they fold `-` and `_` into one. */
export const FRAMING_LOOKALIKE = 9

const NAMES: readonly (readonly [name: string, field: number])[] = [
  ['te', OTHER_OMITTED],
  ['host', HOST],
  ['date', DATE],
  ['expect', EXPECT],
  ['upgrade', UPGRADE],
  ['trailer', OTHER_OMITTED],
  ['connection', CONNECTION],
  ['keep-alive', OTHER_OMITTED],
  ['content-length', CONTENT_LENGTH],
  ['content_length', FRAMING_LOOKALIKE],
  ['proxy-connection', OTHER_OMITTED],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['transfer_encoding', FRAMING_LOOKALIKE],
  ['proxy-authenticate', OTHER_OMITTED],
  ['proxy-authorization', OTHER_OMITTED],
]

const LONGEST_NAME = Math.max(...NAMES.map(([name]) => name.length))

interface Candidate {
  readonly bytes: Uint8Array
  readonly field: number
}

/** Candidates by length of the name: most names of a head are dismissed by that alone. */
const BY_LENGTH: readonly (readonly Candidate[])[] = Array.from({ length: LONGEST_NAME + 1 }, (_, length) =>
  NAMES.filter(([name]) => name.length === length).map(([name, field]) => ({
    bytes: Buffer.from(name).map(fold),
    field,
  })),
)

/** Folds the case of letters, keeps `-`, and makes of `_` what no other token byte becomes. */
function fold(byte: number): number {
  return byte | 0x20
}

/** Which field a name in a head is; the name has to be a token, in any case. */
export function findKnownField(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length > LONGEST_NAME) return UNKNOWN_FIELD
  const candidates = BY_LENGTH[length]!
  for (let i = 0; i < candidates.length; i++) {
    const { bytes: name, field } = candidates[i]!
    let at = 0
    while (at < length && fold(bytes[start + at]!) === name[at]) at++
    if (at === length) return field
  }
  return UNKNOWN_FIELD
}

/** Whether a field is left out when the message goes on: framing is the encoder's, the rest belongs to one connection. */
export function isOmittedField(field: number): boolean {
  return field !== UNKNOWN_FIELD && field !== HOST && field !== DATE
}
