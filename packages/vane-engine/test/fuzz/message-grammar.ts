import type { Random } from './random.ts'

/** A request that is sound in every respect. */
export interface SoundRequest {
  readonly method: string
  readonly bytes: string
  /** Whether its connection ends behind it. */
  readonly isLast: boolean
}

const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH']
const NAMES = [
  'Accept',
  'cookie',
  'X-A',
  'x-b',
  'User-Agent',
  'If-None-Match',
  'range',
  'Via',
  'x_c',
  "a!#$%&'*+-.^_`|~9",
]
const HOP_NAMES = ['keep-alive', 'te', 'proxy-connection', 'proxy-authorization']
const VALUES = [
  '',
  '1',
  'a b',
  '\ta: b;c="d,e"\t',
  '*/*',
  '\xff\x80',
  'chunked',
  '0',
  'GET /smuggled HTTP/1.1',
  'close',
]
const SPACES = ['', ' ', ' ', ' ', '\t', '  ']
const BODIES = [
  '',
  'x',
  'hello',
  '0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nhost: b\r\n\r\n',
  '\r\n',
  '\0\xff',
  'y'.repeat(3_000),
]
const STATUSES = [
  '200 OK',
  '200 ',
  '201 Created',
  '204 No Content',
  '206 Partial',
  '304 Not Modified',
  '404 Not \xe9',
  '500 x',
]

/**
 * Makes a request.
 *
 * @param path what it asks for; unique, so that it is known at the other end.
 */
export function makeRequest(random: Random, path: string, mayBeLast: boolean): SoundRequest {
  const method = random.pick(METHODS)
  const isOld = mayBeLast && random.chance(0.1)
  const isLast = isOld || (mayBeLast && random.chance(0.2))
  const target = random.chance(0.15) ? `http://b.test${path}` : path + random.pick(['', '', '?q=1', '?', '/%2e%2e//;x'])
  const lines = [`${spelled(random, 'host')}:${random.pick(SPACES)}a.test${random.pick([...SPACES, ':80'])}`]
  for (let count = random.below(4); count > 0; count--) lines.push(makeField(random))
  if (random.chance(0.2)) lines.push(`${random.pick(HOP_NAMES)}: x`)
  if (isLast && !isOld) lines.push(`${spelled(random, 'connection')}: ${random.pick(['close', 'Close', 'x, close'])}`)
  else if (random.chance(0.1)) lines.push('connection: x-a')
  const body = makeBody(random, lines, { canChunk: !isOld, isOptional: true })
  const head = `${method} ${target} HTTP/${isOld ? '1.0' : '1.1'}`
  return { method, isLast, bytes: `${head}\r\n${shuffled(random, lines).join('\r\n')}\r\n\r\n${body}` }
}

/** Makes a response to a request of that method, interim ones before it included. */
export function makeResponse(random: Random, method: string): string {
  const interims = random.chance(0.1) ? 'HTTP/1.1 103 Hint\r\nlink: </a>\r\n\r\n'.repeat(1 + random.below(3)) : ''
  const status = random.pick(STATUSES)
  const lines: string[] = []
  for (let count = random.below(4); count > 0; count--) lines.push(makeField(random))
  const hasContent = method !== 'HEAD' && !status.startsWith('204') && !status.startsWith('304')
  if (!hasContent) {
    if (!status.startsWith('204') && random.chance(0.3)) lines.push('content-length: 5')
    return `${interims}HTTP/1.1 ${status}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
  }
  const body = makeBody(random, lines, { canChunk: true, isOptional: false })
  return `${interims}HTTP/1.1 ${status}\r\n${shuffled(random, lines).join('\r\n')}\r\n\r\n${body}`
}

function makeBody(
  random: Random,
  lines: string[],
  { canChunk, isOptional }: { readonly canChunk: boolean; readonly isOptional: boolean },
): string {
  if (isOptional && random.chance(0.5)) return ''
  const body = random.pick(BODIES)
  if (!canChunk || random.chance(0.5)) {
    lines.push(`${spelled(random, 'content-length')}:${random.pick(SPACES)}${body.length}`)
    return body
  }
  lines.push(`${spelled(random, 'transfer-encoding')}: ${random.pick(['chunked', 'Chunked'])}`)
  let chunks = ''
  for (let at = 0; at < body.length;) {
    const size = 1 + random.below(body.length - at)
    const hex = random.pick(['', '0']) + size.toString(16)
    chunks += `${random.chance(0.5) ? hex.toUpperCase() : hex}${random.pick(['', '', '', ';a', ';a=b', ';a="b;c"'])}\r\n`
    chunks += `${body.slice(at, at + size)}\r\n`
    at += size
  }
  const trailers = random.chance(0.2) ? `X-Sum: 1\r\n${random.chance(0.5) ? 'host: evil\r\n' : ''}` : ''
  return `${chunks}0${random.pick(['', '', ';z'])}\r\n${trailers}\r\n`
}

function makeField(random: Random): string {
  return `${random.pick(NAMES)}:${random.pick(SPACES)}${random.pick(VALUES)}${random.pick(SPACES)}`
}

function spelled(random: Random, name: string): string {
  return random.pick([name, name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)])
}

function shuffled(random: Random, lines: readonly string[]): string[] {
  const left = [...lines]
  return lines.map(() => left.splice(random.below(left.length), 1)[0]!)
}
