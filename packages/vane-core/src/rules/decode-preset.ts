import { decodeObject, notYet, optionalWith, required, type Fields } from '../schema/decode-object.ts'
import { decodeBoolean, decodeText, notSupportedYet, wrongType, type Decode } from '../schema/decode-scalar.ts'
import { decodeTagged } from '../schema/decode-tagged.ts'
import { propertyOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { decodeRuleListen, decodeRuleName } from './decode-rule.ts'
import { decodeSynth } from './decode-synth.ts'
import { decodeProxyTimeouts, decodeUpstream } from './decode-terminate.ts'
import { NOT_YET_PRESETS, type PresetUse } from './presets.ts'
import { DEFAULT_PROXY_TIMEOUTS, type ProxyTimeouts, type SynthSpec } from './types.ts'

const HEAD = {
  preset: required(decodeText({ what: 'a preset' })),
  name: required(decodeRuleName),
  listen: required(decodeRuleListen),
  tls: notYet('TLS on a listener'),
} as const satisfies Fields

const reverseProxyArgs = decodeObject('the args of reverse_proxy', {
  upstream: required(decodeUpstream),
  websocket: optionalWith(decodeNoWebsocket, false),
  forward_client_ip: optionalWith(decodeBoolean('forward_client_ip'), true),
  timeouts: optionalWith<ProxyTimeouts>(decodeProxyTimeouts, DEFAULT_PROXY_TIMEOUTS),
  rate_limit: notYet('"rate_limit" of reverse_proxy'),
})
const reverseProxy = decodeObject('a reverse_proxy preset', { ...HEAD, args: required(reverseProxyArgs) })
const staticSite = decodeObject('a static_site preset', {
  ...HEAD,
  args: required<SynthSpec>(decodeSynth('the args of static_site')),
})

/** A preset: the table of presets. */
export const decodePreset: Decode<PresetUse> = decodeTagged<PresetUse>({
  what: 'preset',
  tag: 'preset',
  unknownCode: 'unknown-preset',
  variants: {
    reverse_proxy: (node, sink) => {
      const decoded = reverseProxy(node, sink)
      if (decoded === undefined) return undefined
      const { upstream, forward_client_ip: forwardClientIp, timeouts } = decoded.args
      const args = { upstream, forwardClientIp, timeouts }
      return { preset: 'reverse_proxy', name: decoded.name, listen: decoded.listen, args, ...places(node, sink) }
    },
    static_site: (node, sink) => {
      const decoded = staticSite(node, sink)
      if (decoded === undefined) return undefined
      const { name, listen, args } = decoded
      return { preset: 'static_site', name, listen, args, ...places(node, sink) }
    },
  },
  notYet: NOT_YET_PRESETS,
})

function places(node: JsonNode, sink: ProblemSink): Pick<PresetUse, 'source' | 'argsSource'> {
  return {
    source: sink.span(propertyOf(node, 'name') ?? node),
    argsSource: sink.span(propertyOf(node, 'args') ?? node),
  }
}

function decodeNoWebsocket(node: JsonNode, sink: ProblemSink): false | undefined {
  if (node.type === 'boolean' && node.value === false) return false
  if (node.type !== 'boolean' && node.type !== 'string' && node.type !== 'array') {
    return wrongType(node, sink, 'true, false, "*" or a list of path prefixes')
  }
  sink.at(node, notSupportedYet('"websocket" of reverse_proxy'))
  return undefined
}
