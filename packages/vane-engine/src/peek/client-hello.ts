/** What a TLS client says of itself before anything is encrypted (RFC 8446 §4.1.2). */
export interface ClientHello {
  /** Name it asks for: lower case, without the dot of an absolute name; `undefined` where it names none. */
  readonly sni: string | undefined
  /** Protocols it offers, most wanted first, one character for each byte. */
  readonly alpn: readonly string[]
  /** Versions it offers as on the wire, such as 0x0304 for TLS 1.3; unknown ones included. */
  readonly versions: readonly number[]
}

/** What became of the bytes so far. */
export type ClientHelloParse =
  | { readonly status: 'complete'; readonly hello: ClientHello }
  /** Nothing can be said before there are so many bytes in all. */
  | { readonly status: 'incomplete'; readonly neededBytes: number }
  | { readonly status: 'malformed'; readonly reason: string }

const RECORD_HEAD_BYTES = 5
const HANDSHAKE_HEAD_BYTES = 4
/** RFC 8446 §5.1: the most that a record of plain text may hold. */
const MAX_RECORD_BYTES = 16_384
const CONTENT_HANDSHAKE = 22
const MESSAGE_CLIENT_HELLO = 1
const EXTENSION_SERVER_NAME = 0
const EXTENSION_ALPN = 16
const EXTENSION_SUPPORTED_VERSIONS = 43
/** The length of a DNS name (RFC 1035 §2.3.4). */
const MAX_NAME_BYTES = 255

/** Whether bytes begin as a TLS record with a handshake message does; `undefined` where there are too few to tell. */
export function looksLikeTls(bytes: Uint8Array): boolean | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] !== CONTENT_HANDSHAKE) return false
  return bytes.length < 2 ? undefined : bytes[1] === 3
}

/**
 * Reads the ClientHello at the beginning of a connection, in however many records it comes.
 *
 * Strict: a length that does not fit, a repeated extension or a name that is none makes it malformed, so that nobody is
 * led by one reading of it and served by another. Never throws.
 */
export function parseClientHello(bytes: Uint8Array): ClientHelloParse {
  try {
    const message = joinRecords(bytes)
    return 'status' in message ? message : { status: 'complete', hello: parseBody(new Reader(message.body)) }
  } catch (error) {
    if (error instanceof Malformed) return { status: 'malformed', reason: error.message }
    throw error
  }
}

class Malformed extends Error {}

/** Takes the handshake message out of the records it comes in (RFC 8446 §5.1). */
function joinRecords(bytes: Uint8Array): { readonly body: Uint8Array } | ClientHelloParse {
  const fragments: Uint8Array[] = []
  let [at, joined, wanted] = [0, 0, HANDSHAKE_HEAD_BYTES]
  while (joined < wanted) {
    if (bytes.length < at + RECORD_HEAD_BYTES) return { status: 'incomplete', neededBytes: at + RECORD_HEAD_BYTES }
    if (bytes[at] !== CONTENT_HANDSHAKE) throw new Malformed('a record that is no handshake')
    if (bytes[at + 1] !== 3) throw new Malformed('a record of no version of TLS')
    const length = uint16(bytes, at + 3)
    // An empty fragment is forbidden: any number of them would lead nowhere.
    if (length === 0 || length > MAX_RECORD_BYTES) throw new Malformed(`a record of ${length} bytes`)
    const end = at + RECORD_HEAD_BYTES + length
    if (bytes.length < end) return { status: 'incomplete', neededBytes: end }
    fragments.push(bytes.subarray(at + RECORD_HEAD_BYTES, end))
    joined += length
    at = end
    if (wanted === HANDSHAKE_HEAD_BYTES && joined >= HANDSHAKE_HEAD_BYTES) {
      const head = concat(fragments)
      if (head[0] !== MESSAGE_CLIENT_HELLO) throw new Malformed('a handshake message that is no ClientHello')
      wanted += (head[1]! << 16) | uint16(head, 2)
    }
  }
  return { body: concat(fragments).subarray(HANDSHAKE_HEAD_BYTES, wanted) }
}

function parseBody(body: Reader): ClientHello {
  const legacyVersion = body.uint16()
  if (legacyVersion >> 8 !== 3) throw new Malformed('a ClientHello of no version of TLS')
  body.take(32)
  if (body.vector(1).length > 32) throw new Malformed('a session id over 32 bytes')
  const suites = body.vector(2).length
  if (suites === 0 || suites % 2 !== 0) throw new Malformed('an odd list of cipher suites')
  if (body.vector(1).length === 0) throw new Malformed('no compression method')
  const hello: { sni: string | undefined; alpn: string[]; versions: number[] } = {
    sni: undefined,
    alpn: [],
    versions: [legacyVersion],
  }
  // TLS 1.2 may end here (RFC 5246 §7.4.1.2).
  const extensions = new Reader(body.isAtEnd ? new Uint8Array() : body.vector(2))
  body.assertEnd()
  const seen = new Set<number>()
  while (!extensions.isAtEnd) {
    const type = extensions.uint16()
    const data = new Reader(extensions.vector(2))
    if (seen.has(type)) throw new Malformed(`the extension ${type} twice`)
    seen.add(type)
    if (type === EXTENSION_SERVER_NAME) hello.sni = parseServerName(data)
    else if (type === EXTENSION_ALPN) hello.alpn = parseProtocols(data)
    else if (type === EXTENSION_SUPPORTED_VERSIONS) hello.versions = parseVersions(data)
  }
  return hello
}

/** RFC 6066 §3: a list that in practice, and here, holds one host name. */
function parseServerName(data: Reader): string {
  const names = new Reader(data.vector(2))
  data.assertEnd()
  if (names.uint8() !== 0) throw new Malformed('a server name that is no host name')
  const name = latin1(names.vector(2))
  names.assertEnd()
  const host = normalizeServerName(name)
  if (host === undefined) throw new Malformed('a server name that no host has')
  return host
}

/**
 * The form in which server names are compared: lower case, without the dot of an absolute name.
 *
 * @returns `undefined` for what cannot be one.
 */
export function normalizeServerName(name: string): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > MAX_NAME_BYTES) return undefined
  const host = name.endsWith('.') ? name.slice(0, -1) : name
  return host === '' ? undefined : host.toLowerCase()
}

/** RFC 7301 §3.1. */
function parseProtocols(data: Reader): string[] {
  const list = new Reader(data.vector(2))
  data.assertEnd()
  const protocols: string[] = []
  do {
    const protocol = list.vector(1)
    if (protocol.length === 0) throw new Malformed('an empty protocol name')
    protocols.push(latin1(protocol))
  } while (!list.isAtEnd)
  return protocols
}

/** RFC 8446 §4.2.1. */
function parseVersions(data: Reader): number[] {
  const list = new Reader(data.vector(1))
  data.assertEnd()
  const versions: number[] = []
  do versions.push(list.uint16())
  while (!list.isAtEnd)
  return versions
}

/** Reads forward over bytes, and never past their end. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  assertEnd(): void {
    if (!this.isAtEnd) throw new Malformed('bytes behind the end of a field')
  }

  take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new Malformed('a field that exceeds what holds it')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  uint8(): number {
    return this.take(1)[0]!
  }

  uint16(): number {
    return uint16(this.take(2), 0)
  }

  /** A length of so many bytes, and what it measures. */
  vector(lengthBytes: 1 | 2): Uint8Array {
    return this.take(lengthBytes === 1 ? this.uint8() : this.uint16())
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
