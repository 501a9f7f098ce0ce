import { matchesHostPattern, type HostPattern } from './host-pattern.ts'

/** What one plugin may do over HTTP; written by the operator in `policy.json`. Plain data. */
export interface PluginHttpPolicy {
  /** Whether a call's `verify-tls: false` is honoured; otherwise such a call fails with `insecure-rejected`. */
  readonly allowInsecure: boolean
  /** Hosts that may be reached; empty reaches none. */
  readonly allowedHosts: readonly HostPattern[]
  /** Bytes, for a request's body and a response's each. */
  readonly maxBodySize: number
  /** Time limit of a call that brings none. Up to 2^32 - 1, which is more than a Node timer takes. */
  readonly defaultTimeoutMs: number
  /** Redirects followed where a call does not say; 0 follows none. */
  readonly defaultFollowRedirects: number
  /** Whether a host that is allowed by name may resolve to an address that is not public. */
  readonly allowPrivateAddresses: boolean
}

/** Policy of a plugin the operator did not write one for: it reaches nothing. */
export const DEFAULT_PLUGIN_HTTP_POLICY: PluginHttpPolicy = Object.freeze({
  allowInsecure: false,
  allowedHosts: Object.freeze([]),
  maxBodySize: 1_048_576,
  defaultTimeoutMs: 30_000,
  defaultFollowRedirects: 5,
  allowPrivateAddresses: false,
})

/**
 * Whether a policy lets a plugin ask for a URL, by host and port. To be asked for every redirect hop again.
 *
 * It says nothing of where the host's name leads: {@link checkAddress} does, once that is known.
 */
export function isHostAllowed(policy: PluginHttpPolicy, url: URL): boolean {
  return policy.allowedHosts.some((pattern) => matchesHostPattern(pattern, url))
}
