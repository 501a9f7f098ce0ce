import type { HeaderList } from 'vane-core'

/**
 * Fields that concern one connection only (RFC 9110 §7.6.1), and the proxy's own credentials (§11.7), which are meant for
 * whoever reads them first.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** `Connection` options that name no other field. */
const PLAIN_OPTIONS: ReadonlySet<string> = new Set(['close', 'keep-alive', 'upgrade', 'te'])

/** Fields whose removal would change which message it is; a peer may not have them removed by naming them. */
const PROTECTED: ReadonlySet<string> = new Set(['host', 'content-length', 'expect'])

/** Whether a field of that lower-case name never crosses the proxy. */
export function isHopByHop(lowerName: string): boolean {
  return HOP_BY_HOP.has(lowerName)
}

/** Whether a field of that lower-case name is the encoder's: hop-by-hop or framing. */
export function isHostOwned(lowerName: string): boolean {
  return HOP_BY_HOP.has(lowerName) || lowerName === 'content-length' || lowerName === 'trailer'
}

/**
 * Removes the end-to-end fields that `Connection` names.
 *
 * Done when a message arrives, before any middleware runs: `Connection: x-forwarded-for` must not take away what the proxy
 * itself adds later.
 */
export function dropConnectionNamed(headers: HeaderList): void {
  if (!headers.has('connection')) return
  let named: Set<string> | undefined
  for (const value of headers.getAll('connection')) {
    for (const option of value.split(',')) {
      const name = option.trim().toLowerCase()
      if (name === '' || PLAIN_OPTIONS.has(name) || PROTECTED.has(name) || HOP_BY_HOP.has(name)) continue
      named ??= new Set()
      named.add(name)
    }
  }
  if (named !== undefined) headers.filter((name) => !named.has(name))
}
