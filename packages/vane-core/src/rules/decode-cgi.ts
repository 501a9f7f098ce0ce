import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import {
  decodeInteger,
  decodeParsed,
  decodeText,
  quoted,
  wrongType,
  type Decode,
  type Parsed,
} from '../schema/decode-scalar.ts'
import { checkPathLiteral } from '../predicate/check-path-literal.ts'
import { propertiesOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { decodeAbsolutePath } from './decode-path.ts'
import { decodeProxyTimeouts } from './decode-proxy.ts'
import { isToken } from './header-field.ts'
import { DEFAULT_PROXY_TIMEOUTS, type CgiSecurity, type CgiTerminate, type ProxyTimeouts } from './types.ts'

// The last id means "leave it as it is" to the system calls that set it.
const MAX_ID = 4_294_967_294

const limits = decodeObject('limits', {
  memory_mb: required(decodeInteger({ what: 'memory_mb', min: 1, max: 1_048_576 })),
  cpu_seconds: required(decodeInteger({ what: 'cpu_seconds', min: 1, max: 86_400 })),
  max_processes: required(decodeInteger({ what: 'max_processes', min: 1, max: 65_536 })),
})
const securityFields = decodeObject('security', {
  uid: required(decodeInteger({ what: 'uid', min: 0, max: MAX_ID })),
  gid: required(decodeInteger({ what: 'gid', min: 0, max: MAX_ID })),
  limits: required(limits),
})

const fields = decodeObject('cgi', {
  type: required(decodeText('a terminate type')),
  binary: required(decodeAbsolutePath('the path of a program')),
  script_name: required(decodeParsed('a path such as "/cgi-bin/app"', parseScriptName)),
  working_dir: optional(decodeAbsolutePath('the path of a folder')),
  env: optionalWith<Readonly<Record<string, string>>>(decodeEnv, {}),
  block_headers: required(decodeList(decodeParsed('a header name', parseHeaderName), { what: 'header names' })),
  security: required(securityFields),
  timeouts: optionalWith<ProxyTimeouts>(decodeProxyTimeouts, DEFAULT_PROXY_TIMEOUTS),
})

/** A `cgi` terminator. */
export const decodeCgi: Decode<CgiTerminate> = (node, sink) => {
  const decoded = fields(node, sink)
  if (decoded === undefined) return undefined
  return {
    type: 'cgi',
    binary: decoded.binary,
    scriptName: decoded.script_name,
    workingDir: decoded.working_dir,
    env: decoded.env,
    blockHeaders: [...new Set(decoded.block_headers)].toSorted(),
    security: toSecurity(decoded.security),
    timeouts: decoded.timeouts,
  }
}

function toSecurity({ uid, gid, limits }: NonNullable<ReturnType<typeof securityFields>>): CgiSecurity {
  const { memory_mb: memoryMb, cpu_seconds: cpuSeconds, max_processes: maxProcesses } = limits
  return { uid, gid, limits: { memoryMb, cpuSeconds, maxProcesses } }
}

/** RFC 3875 §4.1.13: empty, or a path that does not end in a slash, so that `PATH_INFO` begins with one. */
function parseScriptName(text: string): Parsed<string> {
  if (/^(?:\/[^/?#\0]+)*$/.test(text)) {
    const problem = text === '' ? undefined : checkPathLiteral(text, 'whole')
    return problem === undefined ? { value: text } : { problem }
  }
  const message = `${quoted(text)} is not a path that begins and does not end with "/"`
  return {
    problem: { code: 'invalid-path', message, suggestion: 'write for example "/cgi-bin/app", or "" for the root' },
  }
}

function parseHeaderName(text: string): Parsed<string> {
  if (isToken(text)) return { value: text.toLowerCase() }
  return { problem: { code: 'invalid-header', message: `${quoted(text)} is not a header name` } }
}

function decodeEnv(node: JsonNode, sink: ProblemSink): Record<string, string> | undefined {
  if (node.type !== 'object') return wrongType(node, sink, 'env (an object of names and values)')
  const entries: [string, string][] = []
  let whole = true
  for (const { key, name, value } of propertiesOf(node)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      sink.at(key, { code: 'invalid-name', message: `${quoted(name)} is not the name of a variable` })
      whole = false
    }
    const text = decodeText('the value of a variable')(value, sink)
    if (text?.includes('\0') === true) {
      sink.at(value, { code: 'invalid-name', message: 'the value of a variable has no NUL' })
      whole = false
    } else if (text === undefined) whole = false
    else entries.push([name, text])
  }
  return whole ? Object.fromEntries(entries) : undefined
}
