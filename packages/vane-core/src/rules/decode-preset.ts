import { parsePathOperand } from '../predicate/decode-operand.ts'
import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required, type Fields } from '../schema/decode-object.ts'
import { decodeBoolean, decodeEnum, decodeParsed, decodeText, wrongType, type Decode } from '../schema/decode-scalar.ts'
import { decodeTagged } from '../schema/decode-tagged.ts'
import { propertyOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { toJson } from '../schema/to-json.ts'
import { decodeListenerTls } from './decode-listener-tls.ts'
import { decodeProxyTimeouts, decodeUpstream } from './decode-proxy.ts'
import { decodeRateLimit } from './decode-rate-limit.ts'
import { decodeRuleListen, decodeRuleName } from './decode-rule.ts'
import { decodeSynth } from './decode-synth.ts'
import type { ListenSpec } from './listen-spec.ts'
import type { PortForwardPreset, PresetBase, PresetUse, ReverseProxyPreset } from './presets.ts'
import { DEFAULT_PROXY_TIMEOUTS, type ListenerTls, type ProxyTimeouts, type SynthSpec } from './types.ts'

const HEAD = {
  preset: required(decodeText('a preset')),
  name: required(decodeRuleName),
  listen: required(decodeRuleListen),
  tls: optional(decodeListenerTls),
} as const satisfies Fields

const reverseProxyArgs = decodeObject('the args of reverse_proxy', {
  upstream: required(decodeUpstream),
  websocket: optionalWith<boolean | readonly string[]>(decodeWebsocket, false),
  forward_client_ip: optionalWith(decodeBoolean('forward_client_ip'), true),
  rate_limit: optional(decodeRateLimitUse),
  timeouts: optionalWith<ProxyTimeouts>(decodeProxyTimeouts, DEFAULT_PROXY_TIMEOUTS),
})
const portForwardArgs = decodeObject('the args of port_forward', {
  upstream: required(decodeUpstream),
  transport: optional(decodeEnum('transport', ['tcp', 'udp'] as const)),
})

const reverseProxy = decodeObject('a reverse_proxy preset', { ...HEAD, args: required(reverseProxyArgs) })
const staticSite = decodeObject('a static_site preset', {
  ...HEAD,
  args: required<SynthSpec>(decodeSynth('the args of static_site')),
})
const redirectHttps = decodeObject('a redirect_https preset', {
  ...HEAD,
  args: optionalWith(decodeObject('the args of redirect_https', {}), {}),
})
const portForward = decodeObject('a port_forward preset', { ...HEAD, args: required(portForwardArgs) })

/** A preset: the table of presets. */
export const decodePreset: Decode<PresetUse> = decodeTagged<PresetUse>({
  what: 'preset',
  tag: 'preset',
  unknownCode: 'unknown-preset',
  variants: {
    reverse_proxy: (node, sink) => {
      const decoded = reverseProxy(node, sink)
      if (decoded === undefined) return undefined
      const { upstream, websocket, forward_client_ip: forwardClientIp, rate_limit: rateLimit, timeouts } = decoded.args
      const args: ReverseProxyPreset['args'] = { upstream, websocket, forwardClientIp, rateLimit, timeouts }
      return { preset: 'reverse_proxy', args, ...baseOf(decoded, node, sink) }
    },
    static_site: (node, sink) => {
      const decoded = staticSite(node, sink)
      if (decoded === undefined) return undefined
      return { preset: 'static_site', args: decoded.args, ...baseOf(decoded, node, sink) }
    },
    redirect_https: (node, sink) => {
      const decoded = redirectHttps(node, sink)
      return decoded === undefined ? undefined : { preset: 'redirect_https', ...baseOf(decoded, node, sink) }
    },
    port_forward: (node, sink) => {
      const decoded = portForward(node, sink)
      if (decoded === undefined) return undefined
      // Whoever listens for datagrams means them.
      const { upstream, transport = decoded.listen[0]?.transport ?? 'tcp' } = decoded.args
      const args: PortForwardPreset['args'] = { upstream, transport }
      if (transport === 'udp' && upstream.kind === 'unix') {
        const at = propertyOf(propertyOf(node, 'args') ?? node, 'upstream') ?? node
        sink.at(at, { code: 'invalid-upstream', message: 'datagrams are not forwarded to Unix sockets' })
        return undefined
      }
      return { preset: 'port_forward', args, ...baseOf(decoded, node, sink) }
    },
  },
})

function baseOf(
  { name, listen, tls }: { name: string; listen: readonly ListenSpec[]; tls: ListenerTls | undefined },
  node: JsonNode,
  sink: ProblemSink,
): PresetBase {
  const tlsNode = propertyOf(node, 'tls')
  return {
    name,
    listen,
    tls,
    source: sink.span(propertyOf(node, 'name') ?? node),
    argsSource: sink.span(propertyOf(node, 'args') ?? propertyOf(node, 'name') ?? node),
    ...(tlsNode === undefined ? {} : { tlsSource: sink.span(tlsNode) }),
  }
}

const prefixes = decodeList(decodeParsed('a path such as "/ws"', parsePathOperand), { what: 'path prefixes', min: 1 })

/** `true` and `"*"` are all paths. */
function decodeWebsocket(node: JsonNode, sink: ProblemSink): boolean | readonly string[] | undefined {
  if (node.type === 'boolean') return node.value === true
  if (node.type === 'string' && node.value === '*') return true
  if (node.type !== 'array') return wrongType(node, sink, 'true, false, "*" or a list of path prefixes')
  const decoded = prefixes(node, sink)
  return decoded === undefined ? undefined : [...new Set(decoded)].toSorted()
}

function decodeRateLimitUse(node: JsonNode, sink: ProblemSink): ReverseProxyPreset['args']['rateLimit'] {
  if (decodeRateLimit(node, sink) === undefined) return undefined
  const args = toJson(node, sink)
  return args === undefined ? undefined : { args, argsNode: node, source: sink.span(node) }
}
