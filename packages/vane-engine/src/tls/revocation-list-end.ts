const SEQUENCE = 0x30
const INTEGER = 0x02
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

/**
 * When a revocation list (RFC 5280 §5.1.2.5) says the next one comes: from then on, whoever is checked against it is refused.
 *
 * @param pem of one list.
 * @returns `undefined` where it does not say, or is not understood: whether it is one at all is OpenSSL's to tell.
 */
export function revocationListEnd(pem: string): Date | undefined {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
  const signed = readElement(der, 0)
  const list = signed?.tag === SEQUENCE ? readElement(der, signed.from) : undefined
  if (list?.tag !== SEQUENCE) return undefined
  let at = readElement(der, list.from)
  if (at?.tag === INTEGER) at = readElement(der, at.end)
  // What it is signed with, by whom, and when.
  for (let skipped = 0; skipped < 3; skipped++) at = at === undefined ? undefined : readElement(der, at.end)
  return at === undefined || at.end > list.end ? undefined : toDate(at.tag, der.toString('latin1', at.from, at.end))
}

interface Element {
  readonly tag: number
  /** Of its content. */
  readonly from: number
  readonly end: number
}

function readElement(der: Buffer, at: number): Element | undefined {
  const [tag, first] = [der[at], der[at + 1]]
  if (tag === undefined || first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  const from = at + 2 + lengthBytes
  if (lengthBytes > 4 || from > der.length) return undefined
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes)
  return from + length > der.length ? undefined : { tag, from, end: from + length }
}

function toDate(tag: number, text: string): Date | undefined {
  const [, century = '', year, month, day, hour, minute, second] =
    /^(\d\d)?(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  if (year === undefined || (tag !== UTC_TIME && tag !== GENERALIZED_TIME)) return undefined
  // RFC 5280 §4.1.2.5.1.
  const fullYear = tag === UTC_TIME ? (Number(year) < 50 ? `20${year}` : `19${year}`) : `${century}${year}`
  const date = new Date(`${fullYear}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? undefined : date
}
