/** A request as the most generous reader that is still safe would take it. */
export interface MeantRequest {
  readonly method: string
  /** In origin-form, or `*`. */
  readonly target: string
  readonly host: string
  readonly body: string
}

/** What an upstream's bytes mean as the answer to one request; anything else must not look like a success to the client. */
export interface MeantResponse {
  readonly status: number
  readonly body: string
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const FIELD = new RegExp(`^(${TOKEN}):([\\t\\x20-\\x7e\\x80-\\xff]*)$`)
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x22\\x24-\\x7e]+) HTTP/1\\.([01])$`)
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/
const ABSOLUTE = /^https?:\/\/([^/?]+)(.*)$/i
const CHUNK = /^([0-9A-Fa-f]+)(?:;[\t\x20-\x7e\x80-\xff]*)?$/

interface Head {
  readonly line: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly end: number
}

/**
 * Every request that a client's bytes mean, up to the first place where they mean none. A proxy may refuse any of them, but forward no
 * other, in no other order.
 */
export function readMeantRequests(text: string): MeantRequest[] {
  const found: MeantRequest[] = []
  for (let at = 0; at < text.length;) {
    // One line break before a request is nothing (RFC 9112 §2.2).
    const head = readHead(text, text.startsWith('\r\n', at) ? at + 2 : at)
    const parts = head === undefined ? null : REQUEST_LINE.exec(head.line)
    if (head === undefined || parts === null) break
    const [, method = '', written = '', minor] = parts
    const hosts = valuesOf(head, 'host')
    if (hosts.length > 1 || (hosts.length === 0 && minor === '1') || method === 'TRACE' || method === 'CONNECT') break
    const { target, authority } = toTarget(written, method)
    if (target === undefined) break
    const body = readBody(text, head, { isOld: minor === '0', hasUntilClose: false })
    if (body === undefined) break
    found.push({ method, target, host: authority ?? hosts[0] ?? '', body: body.content })
    at = body.end
    const options = new Set(
      valuesOf(head, 'connection')
        .flatMap((value) => value.split(','))
        .map((option) => option.trim().toLowerCase()),
    )
    if (options.has('close') || (minor === '0' && !options.has('keep-alive'))) break
  }
  return found
}

/**
 * What an upstream's bytes, after which it ends or goes on, mean as the answer to one request.
 *
 * @returns `undefined` where they mean none.
 */
export function readMeantResponse(text: string, method: string, hasEnded: boolean): MeantResponse | undefined {
  for (let at = 0; ;) {
    const head = readHead(text, at)
    const parts = head === undefined ? null : STATUS_LINE.exec(head.line)
    if (head === undefined || parts === null) return undefined
    const status = Number(parts[2])
    if (status === 101) return undefined
    if (status < 200) {
      at = head.end
      continue
    }
    const hasContent = method !== 'HEAD' && status !== 204 && status !== 304
    // Framing must be sound even where nothing is framed.
    const codings = valuesOf(head, 'transfer-encoding')
    const lengths = valuesOf(head, 'content-length')
    if (codings.length + lengths.length > 1 || lengths.some((length) => !/^[0-9]+$/.test(length))) return undefined
    if (codings.some((coding) => coding.toLowerCase() !== 'chunked')) return undefined
    if (!hasContent) return { status, body: '' }
    if (codings.length + lengths.length === 0 && !hasEnded) return undefined
    const body = readBody(text, head, { isOld: parts[1] === '0', hasUntilClose: hasEnded })
    return body === undefined ? undefined : { status, body: body.content }
  }
}

function readHead(text: string, from: number): Head | undefined {
  const end = text.indexOf('\r\n\r\n', from)
  if (end === -1) return undefined
  const [line = '', ...lines] = text.slice(from, end).split('\r\n')
  const fields: (readonly [string, string])[] = []
  for (const each of lines) {
    const match = FIELD.exec(each)
    if (match === null) return undefined
    fields.push([match[1]!.toLowerCase(), match[2]!.replace(/^[ \t]+|[ \t]+$/g, '')])
  }
  return { line, fields, end: end + 4 }
}

function valuesOf({ fields }: Head, name: string): string[] {
  return fields.filter(([each]) => each === name).map(([, value]) => value)
}

function toTarget(written: string, method: string): { readonly target?: string; readonly authority?: string } {
  if (written.startsWith('/') || (written === '*' && method === 'OPTIONS')) return { target: written }
  const absolute = ABSOLUTE.exec(written)
  if (absolute === null) return {}
  const [, authority = '', rest = ''] = absolute
  const target = rest === '' && method === 'OPTIONS' ? '*' : rest.startsWith('/') ? rest : `/${rest}`
  return { target, authority }
}

function readBody(
  text: string,
  head: Head,
  { isOld, hasUntilClose }: { readonly isOld: boolean; readonly hasUntilClose: boolean },
): { readonly content: string; readonly end: number } | undefined {
  const codings = valuesOf(head, 'transfer-encoding')
  const lengths = valuesOf(head, 'content-length')
  if (codings.length + lengths.length > 1) return undefined
  if (codings.length === 1) {
    return isOld || codings[0]!.toLowerCase() !== 'chunked' ? undefined : readChunks(text, head.end)
  }
  if (lengths.length === 0) {
    return hasUntilClose ? { content: text.slice(head.end), end: text.length } : { content: '', end: head.end }
  }
  if (!/^[0-9]+$/.test(lengths[0]!)) return undefined
  const end = head.end + Number(lengths[0])
  return text.length < end ? undefined : { content: text.slice(head.end, end), end }
}

function readChunks(text: string, from: number): { readonly content: string; readonly end: number } | undefined {
  let content = ''
  for (let at = from; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = lineEnd === -1 ? null : CHUNK.exec(text.slice(at, lineEnd))
    if (size === null) return undefined
    const length = Number.parseInt(size[1]!, 16)
    at = lineEnd + 2
    if (length === 0) {
      if (text.startsWith('\r\n', at)) return { content, end: at + 2 }
      const trailers = readHead(text, lineEnd - size[0].length)
      return trailers === undefined ? undefined : { content, end: trailers.end }
    }
    if (!text.startsWith('\r\n', at + length)) return undefined
    content += text.slice(at, at + length)
    at += length + 2
  }
}
