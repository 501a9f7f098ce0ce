import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required, type Field } from '../schema/decode-object.ts'
import { decodeParsed, decodeText, quoted, type Decode, type Parsed } from '../schema/decode-scalar.ts'
import { propertyOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { decodeRetry } from './decode-retry.ts'
import { decodeUpstreamTls } from './decode-upstream-tls.ts'
import { decodeDuration } from './duration.ts'
import { parseNameserver } from './nameserver.ts'
import {
  DEFAULT_PROXY_TIMEOUTS,
  DEFAULT_RETRY,
  type HttpProxyVersion,
  type ProxyTimeouts,
  type RetryPolicy,
  type UpstreamAddress,
  type UpstreamDns,
  type UpstreamOptions,
  type UpstreamTls,
} from './types.ts'
import { parseHost, parseUpstreamAddress } from './upstream-address.ts'

const timeoutFields = decodeObject('timeouts', {
  connect: optionalWith(decodeDuration, DEFAULT_PROXY_TIMEOUTS.connectMs),
  first_byte: optionalWith(decodeDuration, DEFAULT_PROXY_TIMEOUTS.firstByteMs),
  idle: optionalWith(decodeDuration, DEFAULT_PROXY_TIMEOUTS.idleMs),
  total: optional(decodeDuration),
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

const nameservers = decodeList(decodeParsed('a name server such as "192.0.2.53"', parseNameserver), {
  what: 'name servers',
  min: 1,
})
const dns: Decode<UpstreamDns> = decodeObject('dns', { nameservers: required<readonly string[]>(nameservers) })

/** What every kind of HTTP proxy takes besides its upstream and version. */
export const PROXY_FIELDS: {
  readonly type: Field<string>
  readonly timeouts: Field<ProxyTimeouts>
  readonly host: Field<string>
  readonly tls: Field<UpstreamTls | undefined>
  readonly dns: Field<UpstreamDns | undefined>
  readonly retry: Field<RetryPolicy>
} = {
  type: required(decodeText('a terminate type')),
  timeouts: optionalWith<ProxyTimeouts>(decodeProxyTimeouts, DEFAULT_PROXY_TIMEOUTS),
  host: optionalWith(decodeParsed('"preserve", "upstream" or a host', parseHostChoice), 'preserve'),
  tls: optional(decodeUpstreamTls),
  dns: optional(dns),
  retry: optionalWith<RetryPolicy>(decodeRetry, DEFAULT_RETRY),
}

/** Takes what {@link PROXY_FIELDS} decoded. */
export function toUpstreamOptions({ upstream, tls, dns, retry, timeouts, host }: UpstreamOptions): UpstreamOptions {
  return { upstream, tls, dns, retry, timeouts, host }
}

/** Whether the version can be spoken to the upstream at all; reported where it is written. */
export function checkVersion(
  { upstream, version, tls }: Pick<UpstreamOptions, 'upstream' | 'tls'> & { readonly version: HttpProxyVersion },
  node: JsonNode,
  sink: ProblemSink,
): boolean {
  if (version !== 'h3') return true
  const at = propertyOf(node, 'version') ?? propertyOf(node, 'type') ?? node
  if (upstream.kind === 'unix') {
    sink.at(at, { code: 'conflicting-keys', message: 'HTTP/3 runs over UDP, the upstream is a Unix socket' })
  } else if (tls === undefined) {
    const suggestion = 'add "tls": {}'
    sink.at(at, { code: 'conflicting-keys', message: 'HTTP/3 is always encrypted, the rule has no "tls"', suggestion })
  } else return true
  return false
}

function parseHostChoice(text: string): Parsed<string> {
  if (text === 'preserve' || text === 'upstream') return { value: text }
  const match = /^(.*?)(?::(\d{1,5}))?$/s.exec(text)
  const port = match?.[2] === undefined ? 1 : Number(match[2])
  if (match !== null && parseHost(match[1]!) !== undefined && port >= 1 && port <= 65_535) return { value: text }
  return { problem: { code: 'invalid-host', message: `${quoted(text)} is neither "preserve", "upstream" nor a host` } }
}
