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

/** Fields whose removal would change which message it is; a peer may not have them removed by naming them. */
const PROTECTED: ReadonlySet<string> = new Set(['host', 'content-length', 'expect'])

/** Whether a field of that lower-case name is the encoder's: hop-by-hop or framing. */
export function isHostOwned(lowerName: string): boolean {
  return HOP_BY_HOP.has(lowerName) || lowerName === 'content-length' || lowerName === 'trailer'
}

/** Splits the value of `Connection` into its options, in lower case. */
export function splitConnectionOptions(value: string): string[] {
  const options: string[] = []
  for (const part of value.split(',')) {
    const option = part.trim().toLowerCase()
    if (option !== '') options.push(option)
  }
  return options
}

/**
 * Removes the end-to-end fields that `Connection` names.
 *
 * Done when a message arrives, before any middleware runs: `Connection: x-forwarded-for` must not take away what the proxy
 * itself adds later.
 *
 * @param options of `Connection`, in lower case.
 */
export function dropConnectionNamed(headers: HeaderList, options: readonly string[]): void {
  const named = new Set(options.filter((name) => !PROTECTED.has(name) && !HOP_BY_HOP.has(name)))
  if (named.size > 0) headers.filter((name) => !named.has(name))
}
