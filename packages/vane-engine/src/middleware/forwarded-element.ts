/** What one proxy says of the request it received. */
export interface ForwardedFacts {
  /** The peer's address; `undefined` on a Unix socket. */
  readonly peer: string | undefined
  /** Authority the client named; empty for none. */
  readonly host: string
  readonly proto: 'http' | 'https'
}

/** Writes one element of `Forwarded` (RFC 7239 §4). IPv6 addresses are bracketed and quoted (§6). */
export function toForwardedElement({ peer, host, proto }: ForwardedFacts): string {
  const node = peer === undefined ? 'unknown' : peer.includes(':') ? `"[${peer}]"` : peer
  const parts = [`for=${node}`]
  if (host !== '') parts.push(`host=${toValue(host)}`)
  parts.push(`proto=${proto}`)
  return parts.join(';')
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function toValue(text: string): string {
  return TOKEN.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}
