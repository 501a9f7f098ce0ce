/** What a ClientHello made for a test is to say. */
export interface HelloParts {
  readonly sni?: string
  readonly alpn?: readonly string[]
  readonly versions?: readonly number[]
  /** Further extensions, before those above. */
  readonly extensions?: readonly (readonly [type: number, data: Uint8Array])[]
}

/** A ClientHello as a handshake message, not yet in records. */
export function helloMessage({ sni, alpn, versions, extensions = [] }: HelloParts): Buffer {
  const all: (readonly [number, Uint8Array])[] = [...extensions]
  if (sni !== undefined)
    all.push([0, vector(2, Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(sni, 'latin1'))]))])
  if (alpn !== undefined)
    all.push([16, vector(2, Buffer.concat(alpn.map((each) => vector(1, Buffer.from(each, 'latin1')))))])
  if (versions !== undefined) all.push([43, vector(1, Buffer.concat(versions.map((each) => uint(2, each))))])
  const body = Buffer.concat([
    uint(2, 0x0303),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 9)),
    vector(2, Buffer.from([0x13, 0x01, 0xc0, 0x2f])),
    vector(1, Buffer.from([0])),
    vector(2, Buffer.concat(all.map(([type, data]) => Buffer.concat([uint(2, type), vector(2, data)])))),
  ])
  return Buffer.concat([Buffer.from([1]), uint(3, body.length), body])
}

/** Puts a handshake message into records of these lengths; what is left goes into a last one. */
export function inRecords(message: Uint8Array, lengths: readonly number[] = []): Buffer {
  const records: Buffer[] = []
  let at = 0
  for (const length of [...lengths, message.length]) {
    const fragment = message.subarray(at, at + length)
    at += fragment.length
    if (fragment.length > 0) records.push(Buffer.concat([Buffer.from([22, 3, 1]), vector(2, fragment)]))
  }
  return Buffer.concat(records)
}

function uint(bytes: number, value: number): Buffer {
  const out = Buffer.alloc(bytes)
  out.writeUIntBE(value, 0, bytes)
  return out
}

function vector(lengthBytes: number, content: Uint8Array): Buffer {
  return Buffer.concat([uint(lengthBytes, content.length), content])
}
