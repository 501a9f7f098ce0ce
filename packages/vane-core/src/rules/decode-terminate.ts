import { decodeEnum, decodeParsed, decodeText, quoted, type Decode, type Parsed } from '../schema/decode-scalar.ts'
import { decodeObject, notYet, optional, optionalWith, required, type Fields } from '../schema/decode-object.ts'
import { decodeTagged } from '../schema/decode-tagged.ts'
import { decodeSynth } from './decode-synth.ts'
import { parseDuration } from './duration.ts'
import { parseUnixPath } from './listen-spec.ts'
import {
  DEFAULT_PROXY_TIMEOUTS,
  type HttpProxyTerminate,
  type ProxyTimeouts,
  type Terminate,
  type UpstreamAddress,
} from './types.ts'
import { parseHost, parseUpstreamAddress } from './upstream-address.ts'

const duration = decodeParsed('a duration such as "30s"', parseDuration)
const type = required(decodeText({ what: 'a terminate type' }))

const timeoutFields = decodeObject('timeouts', {
  connect: optionalWith(duration, DEFAULT_PROXY_TIMEOUTS.connectMs),
  first_byte: optionalWith(duration, DEFAULT_PROXY_TIMEOUTS.firstByteMs),
  idle: optionalWith(duration, DEFAULT_PROXY_TIMEOUTS.idleMs),
  total: optional(duration),
})

/** The `timeouts` of a proxy. */
export const decodeProxyTimeouts: Decode<ProxyTimeouts> = (node, sink) => {
  const decoded = timeoutFields(node, sink)
  if (decoded === undefined) return undefined
  const { connect, first_byte: firstByte, idle, total } = decoded
  return { connectMs: connect, firstByteMs: firstByte, idleMs: idle, totalMs: total }
}

/** An `upstream`. */
export const decodeUpstream: Decode<UpstreamAddress> = decodeParsed(
  'an upstream such as "127.0.0.1:8080" or "unix:/run/app.sock"',
  parseUpstreamAddress,
)

/** What every kind of HTTP proxy takes besides its upstream. */
const PROXY_FIELDS = {
  type,
  timeouts: optionalWith<ProxyTimeouts>(decodeProxyTimeouts, DEFAULT_PROXY_TIMEOUTS),
  host: optionalWith(decodeParsed('"preserve", "upstream" or a host', parseHostChoice), 'preserve'),
  tls: notYet('TLS to an upstream'),
  dns: notYet('"dns" of an upstream'),
  retry: notYet('"retry"'),
} as const satisfies Fields

const version = optionalWith<HttpProxyTerminate['version']>(decodeEnum('version', ['auto', 'h1'], ['h2', 'h3']), 'auto')

const httpProxy = decodeObject('http_proxy', { ...PROXY_FIELDS, upstream: required(decodeUpstream), version })
const http1Proxy = decodeObject('http1_proxy', { ...PROXY_FIELDS, upstream: required(decodeUpstream) })
const unixProxy = decodeObject('unix_proxy', {
  ...PROXY_FIELDS,
  path: required(decodeParsed('the path of a socket', parseSocketPath)),
  version,
})
const close = decodeObject('close', { type })
const synth = decodeSynth('static', { type })

/** How a rule ends: the table of terminators. */
export const decodeTerminate: Decode<Terminate> = decodeTagged<Terminate>({
  what: 'terminate type',
  tag: 'type',
  unknownCode: 'unknown-terminator',
  variants: {
    http_proxy: (node, sink) => toProxy(httpProxy(node, sink)),
    http1_proxy: (node, sink) => {
      const decoded = http1Proxy(node, sink)
      return decoded === undefined ? undefined : toProxy({ ...decoded, version: 'h1' })
    },
    unix_proxy: (node, sink) => {
      const decoded = unixProxy(node, sink)
      return decoded === undefined ? undefined : toProxy({ ...decoded, upstream: { kind: 'unix', path: decoded.path } })
    },
    static: (node, sink) => {
      const response = synth(node, sink)
      return response === undefined ? undefined : { type: 'static', response }
    },
    close: (node, sink) => (close(node, sink) === undefined ? undefined : { type: 'close' }),
  },
  notYet: ['http2_proxy', 'http3_proxy', 'websocket', 'redirect_https', 'tcp_forward', 'udp_forward', 'cgi'],
})

function toProxy(decoded: Omit<HttpProxyTerminate, 'type'> | undefined): HttpProxyTerminate | undefined {
  if (decoded === undefined) return undefined
  const { upstream, timeouts, host } = decoded
  return { type: 'http_proxy', upstream, version: decoded.version, timeouts, host }
}

function parseHostChoice(text: string): Parsed<string> {
  if (text === 'preserve' || text === 'upstream') return { value: text }
  const match = /^(.*?)(?::(\d{1,5}))?$/s.exec(text)
  const port = match?.[2] === undefined ? 1 : Number(match[2])
  if (match !== null && parseHost(match[1]!) !== undefined && port >= 1 && port <= 65_535) return { value: text }
  return { problem: { code: 'invalid-host', message: `${quoted(text)} is neither "preserve", "upstream" nor a host` } }
}

function parseSocketPath(text: string): Parsed<string> {
  const path = parseUnixPath(text)
  return 'value' in path ? path : { problem: { code: 'invalid-upstream', ...path.problem } }
}
