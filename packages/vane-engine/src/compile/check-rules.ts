import { quoted, type Diagnostic, type Rule } from 'vane-core'
import { needsHttp } from './needs-http.ts'

/** Looks at what a rule's parts say together: where it listens, what it inspects, how it ends. */
export function checkRules(rules: readonly Rule[]): Diagnostic[] {
  return rules.flatMap((rule) => {
    const { type } = rule.terminate
    return type === 'tcp_forward' || type === 'udp_forward' ? checkForward(rule, type) : []
  })
}

function checkForward(rule: Rule, type: 'tcp_forward' | 'udp_forward'): Diagnostic[] {
  const diagnostics: Diagnostic[] = []
  const name = quoted(rule.name)
  const transport = type === 'tcp_forward' ? 'tcp' : 'udp'
  const stray = rule.listen.find((spec) => spec.transport !== transport)
  if (stray !== undefined) {
    const other = stray.key.slice(stray.transport.length + 1)
    diagnostics.push({
      severity: 'error',
      code: 'transport-mismatch',
      message: `rule ${name} forwards ${transport}, but listens on ${quoted(stray.key)}`,
      span: rule.terminateSource,
      suggestion:
        transport === 'udp' && stray.address.kind === 'unix'
          ? 'listen on a port'
          : `listen on ${quoted(`${transport}:${other}`)}, or forward ${stray.transport}`,
    })
  }
  const field = needsHttp(rule.match)
  if (field !== undefined) {
    diagnostics.push({
      severity: 'error',
      code: 'too-deep-for-forward',
      message: `rule ${name} forwards ${transport} as it comes, but its match reads ${quoted(field)}, which takes HTTP`,
      span: rule.terminateSource,
      suggestion: 'match on addresses, "tls.sni", "tls.alpn" or "peek", or end in "http_proxy"',
    })
  }
  if (rule.tls !== undefined) {
    diagnostics.push({
      severity: 'error',
      code: 'conflicting-keys',
      message: `rule ${name} forwards ${transport} as it comes, so that its "tls" ends no encryption`,
      span: rule.tlsSource ?? rule.source,
      suggestion: 'leave "tls" out: the client speaks TLS with the upstream',
    })
  }
  return diagnostics
}
