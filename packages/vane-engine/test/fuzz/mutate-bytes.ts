import type { Random } from './random.ts'

const HOSTILE = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '/',
  '#',
  '%',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  '-',
  '+',
  'x',
  '\x0b',
]
const HOSTILE_LINES = [
  'content-length: 5',
  'content-length: 0',
  'Content-Length:\t3',
  'transfer-encoding: chunked',
  'transfer-encoding: identity',
  'Transfer-Encoding : chunked',
  'transfer-encoding: gzip, chunked',
  'host: evil.test',
  'connection: close',
  'connection: host, content-length, transfer-encoding',
  'upgrade: websocket',
  ' folded',
  ': empty',
  'GET /smuggled HTTP/1.1',
]
const HOSTILE_TEXTS = [
  '0\r\n\r\n',
  '\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nhost: evil.test\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nEVIL',
  'fffffffffffffffff\r\n',
  '\n\n',
]

/** Damages a text at up to three places. */
export function mutateBytes(random: Random, text: string): string {
  let mutated = text
  for (let count = 1 + random.below(3); count > 0; count--) mutated = mutateOnce(random, mutated)
  return mutated
}

function mutateOnce(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  const insert = (what: string, place = at): string => text.slice(0, place) + what + text.slice(place)
  switch (random.below(11)) {
    case 0:
      return (
        text.slice(0, at) +
        String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << random.below(8))) +
        text.slice(at + 1)
      )
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random.below(4))
    case 2:
      return insert(random.pick(HOSTILE))
    case 3:
      return text.slice(0, at) + random.pick(HOSTILE) + text.slice(at + 1)
    case 4: {
      const end = at + random.below(40)
      return insert(text.slice(at, end))
    }
    case 5:
      return text.slice(0, at)
    case 6:
      return insert(random.pick(HOSTILE_TEXTS))
    case 7:
    case 8: {
      // A line among lines: what most disagreements between parsers are made of.
      const line = text.indexOf('\r\n', at)
      return line === -1 ? text : insert(`${random.pick(HOSTILE_LINES)}\r\n`, line + 2)
    }
    case 9: {
      const line = text.indexOf('\r\n', at)
      return line === -1
        ? text
        : text.slice(0, line) + random.pick(['\n', '\r', '\r\r\n', '\n\r', ' \r\n', '']) + text.slice(line + 2)
    }
    default:
      return text.replace(/\d+/g, (digits) =>
        random.chance(0.2)
          ? random.pick(['0', '+1', '-1', '1_0', '99999999999999999999', `0${digits}`, `${digits},${digits}`])
          : digits,
      )
  }
}
