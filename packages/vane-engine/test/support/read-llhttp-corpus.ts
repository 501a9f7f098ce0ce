import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A case of llhttp's own test corpus that its strict parser refuses. */
export interface CorpusCase {
  /** File, line and title. */
  readonly name: string
  /** Bytes as latin1. */
  readonly input: string
  /** Messages that were complete before the refusal. */
  readonly completeBefore: number
  /** Whether the message that is refused had a complete head. */
  readonly hasHead: boolean
  /** What llhttp says of it. */
  readonly reason: string
}

/** Errors that are none: the parser stops because its user is to do something. `Data after close` is ignored by servers. */
const NO_REFUSALS: ReadonlySet<string> = new Set(['5', '21', '22', '23'])
/** It knows a list of methods; a proxy has to pass those it does not know (RFC 9110 §9.1). */
const OF_METHODS: ReadonlySet<string> = new Set(['Invalid method for HTTP/x.x request', 'Expected space after method'])

/**
 * Reads the refused cases of one kind from a copy of the corpus (`test/request` and `test/response` of nodejs/llhttp). Cases for lenient
 * parsers are left out: what the strict one says of them is not written there.
 */
export function readLlhttpCorpus(dir: string, kind: 'request' | 'response'): CorpusCase[] {
  return readdirSync(join(dir, kind))
    .filter((file) => file.endsWith('.md'))
    .toSorted()
    .flatMap((file) => readPage(readFileSync(join(dir, kind, file), 'utf8'), `${kind}/${file}`, kind))
}

const CASE = /<!--\s*meta=(\{.*?\})\s*-->\s*```http\n([^]*?)```[^`]*```log\n([^]*?)```/g

function readPage(page: string, file: string, kind: string): CorpusCase[] {
  return [...page.matchAll(CASE)].flatMap((match) => {
    const [, meta = '', http = '', log = ''] = match
    if ((JSON.parse(meta) as { readonly type?: string }).type !== kind || http.includes('${')) return []
    const error = /error code=(\d+) reason="(.*)"/.exec(log)
    if (error === null || NO_REFUSALS.has(error[1]!) || OF_METHODS.has(error[2]!)) return []
    const before = page.slice(0, match.index)
    const complete = log.split(/message complete$/m)
    return {
      name: `${file}:${before.split('\n').length} ${/^#+ (.*)$/m.exec(before.slice(before.lastIndexOf('\n#') + 1))?.[1] ?? ''}`,
      input: unescape(http),
      completeBefore: complete.length - 1,
      hasHead: /headers complete/.test(complete.at(-1)!),
      reason: error[2]!,
    }
  })
}

/** How the corpus writes bytes: lines end in CRLF unless a backslash says otherwise, and there are a few escapes. */
function unescape(text: string): string {
  return text
    .replace(/\n$/, '')
    .replace(/\\\n/g, '')
    .replaceAll('\n', '\r\n')
    .replaceAll('\\r', '\r')
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replaceAll('\\f', '\f')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{1,3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
