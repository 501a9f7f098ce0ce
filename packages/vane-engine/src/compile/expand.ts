import {
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_PROXY_TIMEOUTS,
  DEFAULT_RETRY,
  DEFAULT_UDP_IDLE_TIMEOUT_MS,
  type MiddlewareUse,
  type PortForwardPreset,
  type Predicate,
  type PresetUse,
  type ReverseProxyPreset,
  type Rule,
  type RuleFile,
  type Terminate,
  type UpstreamOptions,
} from 'vane-core'

/** A rule file without presets. */
export interface ExpandedFile {
  readonly path: string
  readonly order: number
  readonly rules: readonly Rule[]
}

/** Peers whose word on the client's address `reverse_proxy` takes: RFC 1918, unique local (RFC 4193) and loopback. */
export const PRIVATE_NETWORKS: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  '::1/128',
]

// Any value of the field, even an empty one, asks for an upgrade.
const ASKS_UPGRADE: Predicate = { op: 'prefix', field: 'http.header.upgrade', value: '' }
// A member of the list, as the fetch looks for it: `x-websocket` is another protocol.
const ASKS_WEBSOCKET: Predicate = {
  op: 'matches',
  field: 'http.header.upgrade',
  value: '(?i)(?:^|,)[\\t ]*websocket[\\t ]*(?:,|$)',
}

/** Turns the presets of a file into the rules they stand for. */
export function expand(file: RuleFile): ExpandedFile {
  const rules = file.rules.flatMap((entry) => ('preset' in entry ? expandPreset(entry) : [entry]))
  return { path: file.path, order: file.order, rules }
}

function expandPreset(preset: PresetUse): Rule[] {
  switch (preset.preset) {
    case 'static_site':
      return [toRule(preset, '', { terminate: { type: 'static', response: preset.args } })]
    case 'redirect_https':
      return [toRule(preset, '', { terminate: { type: 'redirect_https', port: 443, headers: [] } })]
    case 'port_forward':
      return [toRule(preset, '', { terminate: forwardOf(preset) })]
    case 'reverse_proxy':
      return expandReverseProxy(preset)
  }
}

function forwardOf({ args: { upstream, transport } }: PortForwardPreset): Terminate {
  const { connectMs: connectTimeoutMs } = DEFAULT_PROXY_TIMEOUTS
  return transport === 'udp'
    ? { type: 'udp_forward', upstream, connectTimeoutMs, idleTimeoutMs: DEFAULT_UDP_IDLE_TIMEOUT_MS }
    : { type: 'tcp_forward', upstream, connectTimeoutMs, idleTimeoutMs: undefined }
}

function expandReverseProxy(preset: ReverseProxyPreset): Rule[] {
  const { upstream, websocket, forwardClientIp, rateLimit, timeouts } = preset.args
  const middlewareChain: MiddlewareUse[] = []
  if (rateLimit !== undefined) middlewareChain.push({ use: 'rate_limit', onError: undefined, ...rateLimit })
  if (forwardClientIp) {
    const args = { trusted_proxies: PRIVATE_NETWORKS }
    middlewareChain.push({ use: 'forward_client_ip', args, onError: undefined, source: preset.argsSource })
  }
  const options: UpstreamOptions = {
    upstream,
    tls: undefined,
    dns: undefined,
    retry: DEFAULT_RETRY,
    timeouts,
    host: 'preserve',
  }
  const rules: Rule[] = []
  if (websocket !== false) {
    const paths = websocket === true ? [] : [anyPath(websocket)]
    rules.push(
      toRule(preset, '/websocket', {
        // One predicate more than the refusal below has, so that it is tried first.
        match: [ASKS_UPGRADE, ASKS_WEBSOCKET, ...paths],
        middlewareChain,
        terminate: { type: 'websocket', ...options },
      }),
    )
  }
  return [
    ...rules,
    toRule(preset, '/upgrade', {
      match: [ASKS_UPGRADE],
      terminate: {
        type: 'static',
        response: {
          status: 400,
          headers: [['content-type', 'text/plain']],
          body: websocket === false ? 'upgrades are not served here\n' : 'this upgrade is not served here\n',
        },
      },
    }),
    toRule(preset, '', { middlewareChain, terminate: { type: 'http_proxy', version: 'auto', ...options } }),
  ]
}

function anyPath(prefixes: readonly string[]): Predicate {
  return { op: 'any_of', of: prefixes.map((value) => ({ op: 'path_prefix', field: 'http.uri.path', value })) }
}

function toRule(
  preset: PresetUse,
  suffix: string,
  part: { match?: Predicate[]; middlewareChain?: MiddlewareUse[]; terminate: Terminate },
): Rule {
  return {
    name: preset.name + suffix,
    listen: preset.listen,
    match: part.match ?? [],
    priority: 0,
    middlewareChain: part.middlewareChain ?? [],
    terminate: part.terminate,
    tls: preset.tls,
    maxBodyBytesRequest: DEFAULT_MAX_BODY_BYTES,
    maxBodyBytesResponse: DEFAULT_MAX_BODY_BYTES,
    source: preset.source,
    terminateSource: preset.argsSource,
    ...(preset.tlsSource === undefined ? {} : { tlsSource: preset.tlsSource }),
  }
}
