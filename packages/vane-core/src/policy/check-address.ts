import { addressScope } from './address-scope.ts'
import { matchesHostPattern } from './host-pattern.ts'
import { isHostAllowed, type PluginHttpPolicy } from './http-policy.ts'
import { isSameIp, parseIp } from './ip-address.ts'

/**
 * Whether a connection for a URL may be made, by host and port: the form of {@link isHostAllowed} that `HttpFetchLimits`
 * takes.
 *
 * @returns why not, or `undefined` if it may.
 */
export function checkUrl(policy: PluginHttpPolicy, url: URL): string | undefined {
  if (isHostAllowed(policy, url)) return undefined
  return `\`${url.host}\` is not in the plugin's allowed_hosts`
}

/**
 * Whether a connection for a URL that {@link checkUrl} let pass may go to an address. To be asked with the very address
 * that is connected to, for each connection: a name that resolved to something harmless a moment ago proves nothing.
 *
 * @returns why not, or `undefined` if it may. The plugin gets to read it, so it never says which address it was: names
 *   must not become a way to map a private network.
 */
export function checkAddress(policy: PluginHttpPolicy, url: URL, address: string): string | undefined {
  const ip = parseIp(address)
  if (ip === undefined) return `\`${url.host}\` was resolved to something that is no IP address`
  const literal = parseIp(url.hostname.replace(/^\[|\]$/g, ''))
  if (literal !== undefined && !isSameIp(literal, ip)) return `\`${url.host}\` is an IP address and matches only itself`
  const scope = addressScope(address)
  if (scope === 'public' || policy.allowPrivateAddresses) return undefined
  const isNamedLiterally =
    literal !== undefined &&
    policy.allowedHosts.some((pattern) => pattern.kind === 'ip' && matchesHostPattern(pattern, url))
  if (isNamedLiterally) return undefined
  return `\`${url.host}\` leads to an address that is not public (${scope}): it takes an entry of that very address, or allow_private_addresses`
}
