/** One message as the strictest reader of RFC 9112 sees it. Texts are latin1. */
export interface StrictMessage {
  /** Request line or status line, without its end. */
  readonly startLine: string
  /** Names in lower case, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  readonly body: string
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** Offset of what follows the message. */
  readonly end: number
}

/** A message that a strict reader would not take. */
export class NotStrict extends Error {
  override readonly name = 'NotStrict'
}

const FIELD =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/
const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ (?:\/[\x21-\x22\x24-\x7e]*|\*) HTTP\/1\.1$/
const STATUS_LINE = /^HTTP\/1\.1 ([1-5][0-9]{2}) [\t\x20-\x7e\x80-\xff]*$/

/**
 * Reads a request that a proxy wrote, from an offset. Written to be checked by eye: it knows regular expressions and nothing of the
 * engine.
 *
 * @returns `undefined` where more bytes have to come.
 * @throws NotStrict where it is not well-formed, or not as a proxy should write it.
 */
export function readStrictRequest(text: string, from = 0): StrictMessage | undefined {
  const head = readHead(text, from)
  if (head === undefined) return undefined
  if (!REQUEST_LINE.test(head.startLine)) throw new NotStrict(`request line ${JSON.stringify(head.startLine)}`)
  if (valuesOf(head.fields, 'host').length !== 1) throw new NotStrict('not exactly one host field')
  return readBody(text, head, 'none')
}

/**
 * Reads a response that a proxy wrote, from an offset.
 *
 * @param to method of the request it answers.
 * @param isClosed whether nothing will follow the text.
 */
export function readStrictResponse(
  text: string,
  { from = 0, to, isClosed }: { readonly from?: number; readonly to: string; readonly isClosed: boolean },
): StrictMessage | undefined {
  const head = readHead(text, from)
  if (head === undefined) return undefined
  const status = STATUS_LINE.exec(head.startLine)?.[1]
  if (status === undefined) throw new NotStrict(`status line ${JSON.stringify(head.startLine)}`)
  if (status.startsWith('1') || status === '204') {
    if (head.fields.some(([name]) => name === 'content-length' || name === 'transfer-encoding'))
      throw new NotStrict(`framing in a ${status}`)
    return { ...head, framing: 'none', body: '', trailers: [] }
  }
  if (to === 'HEAD' || status === '304') return { ...head, framing: 'none', body: '', trailers: [] }
  const message = readBody(text, head, 'close')
  return message?.framing === 'close' && !isClosed ? undefined : message
}

/** Every response in a text, interim ones included. */
export function readStrictResponses(text: string, methods: readonly string[], isClosed = true): StrictMessage[] {
  const found: StrictMessage[] = []
  let final = 0
  for (let from = 0; from < text.length;) {
    const message = readStrictResponse(text, { from, to: methods[final] ?? 'GET', isClosed })
    if (message === undefined)
      throw new NotStrict(`unfinished response ${JSON.stringify(text.slice(from, from + 200))}`)
    if (!message.startLine.startsWith('HTTP/1.1 1')) final++
    found.push(message)
    from = message.end
  }
  return found
}

type Fields = StrictMessage['fields']
type Head = Pick<StrictMessage, 'startLine' | 'fields' | 'end'>

function readHead(text: string, from: number): Head | undefined {
  const end = text.indexOf('\r\n\r\n', from)
  if (end === -1) return undefined
  const [startLine = '', ...lines] = linesOf(text.slice(from, end))
  return { startLine, fields: lines.map(readField), end: end + 4 }
}

function linesOf(text: string): string[] {
  const lines = text.split('\r\n')
  for (const line of lines) if (/[\r\n]/.test(line)) throw new NotStrict(`bare CR or LF in ${JSON.stringify(line)}`)
  return lines
}

function readField(line: string): readonly [string, string] {
  const match = FIELD.exec(line)
  if (match === null) throw new NotStrict(`field ${JSON.stringify(line)}`)
  return [match[1]!.toLowerCase(), match[2]!]
}

function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter(([each]) => each === name).map(([, value]) => value)
}

function readBody(text: string, head: Head, otherwise: 'none' | 'close'): StrictMessage | undefined {
  const lengths = valuesOf(head.fields, 'content-length')
  const codings = valuesOf(head.fields, 'transfer-encoding')
  if (lengths.length + codings.length > 1) throw new NotStrict('framed more than once')
  if (codings.length === 1) {
    if (codings[0]!.toLowerCase() !== 'chunked') throw new NotStrict(`transfer coding ${codings[0]}`)
    return readChunked(text, head)
  }
  if (lengths.length === 0) {
    if (otherwise === 'none') return { ...head, framing: 'none', body: '', trailers: [] }
    return { ...head, framing: 'close', body: text.slice(head.end), trailers: [], end: text.length }
  }
  if (!/^[0-9]+$/.test(lengths[0]!)) throw new NotStrict(`content-length ${lengths[0]}`)
  const end = head.end + Number(lengths[0])
  if (text.length < end) return undefined
  return { ...head, framing: 'length', body: text.slice(head.end, end), trailers: [], end }
}

function readChunked(text: string, head: Head): StrictMessage | undefined {
  let body = ''
  for (let at = head.end; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const line = text.slice(at, lineEnd)
    // Extensions are nobody's business but the sender's and the next hop's: a proxy writes none.
    if (!/^[0-9A-Fa-f]{1,12}$/.test(line)) throw new NotStrict(`chunk size ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    at = lineEnd + 2
    if (size === 0) {
      const end = text.startsWith('\r\n', at) ? at - 2 : text.indexOf('\r\n\r\n', at)
      if (end === -1) return undefined
      const trailers = end < at ? [] : linesOf(text.slice(at, end)).map(readField)
      return { ...head, framing: 'chunked', body, trailers, end: end + 4 }
    }
    if (text.length < at + size + 2) return undefined
    if (!text.startsWith('\r\n', at + size)) throw new NotStrict('chunk without an end')
    body += text.slice(at, at + size)
    at += size + 2
  }
}
