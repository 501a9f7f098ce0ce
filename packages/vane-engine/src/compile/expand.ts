import {
  DEFAULT_MAX_BODY_BYTES,
  type MiddlewareUse,
  type Predicate,
  type PresetUse,
  type Rule,
  type RuleFile,
  type Terminate,
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

/** Turns the presets of a file into the rules they stand for. */
export function expand(file: RuleFile): ExpandedFile {
  const rules = file.rules.flatMap((entry) => ('preset' in entry ? expandPreset(entry) : [entry]))
  return { path: file.path, order: file.order, rules }
}

function expandPreset(preset: PresetUse): Rule[] {
  switch (preset.preset) {
    case 'static_site':
      return [toRule(preset, '', { terminate: { type: 'static', response: preset.args } })]
    case 'reverse_proxy': {
      const { upstream, forwardClientIp, timeouts } = preset.args
      const forward: MiddlewareUse = {
        use: 'forward_client_ip',
        args: { trusted_proxies: PRIVATE_NETWORKS },
        onError: undefined,
        source: preset.argsSource,
      }
      return [
        toRule(preset, '/upgrade', {
          // Any value of the field, even an empty one, asks for an upgrade.
          match: [{ op: 'prefix', field: 'http.header.upgrade', value: '' }],
          terminate: {
            type: 'static',
            response: {
              status: 400,
              headers: [['content-type', 'text/plain']],
              body: 'upgrades are not served here\n',
            },
          },
        }),
        toRule(preset, '', {
          middlewareChain: forwardClientIp ? [forward] : [],
          terminate: { type: 'http_proxy', upstream, version: 'auto', timeouts, host: 'preserve' },
        }),
      ]
    }
  }
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
    maxBodyBytesRequest: DEFAULT_MAX_BODY_BYTES,
    maxBodyBytesResponse: DEFAULT_MAX_BODY_BYTES,
    source: preset.source,
    terminateSource: preset.argsSource,
  }
}
