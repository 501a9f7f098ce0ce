import { HeadFault } from './head-fault.ts'

/** A request target taken apart. */
export interface TargetParts {
  /** Origin-form, or `*`. */
  readonly target: string
  /** Set where the target was in absolute-form. */
  readonly authority: string | undefined
}

/**
 * Takes a target apart that is not in origin-form; its bytes have been checked.
 *
 * @throws HeadFault for any form but absolute-form and the asterisk of OPTIONS (RFC 9112 §3.2).
 */
export function splitTarget(target: string, method: string): TargetParts {
  if (target === '*' && method === 'OPTIONS') return { target, authority: undefined }
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(target)
  if (absolute === null) throw new HeadFault('request target in none of the allowed forms')
  const rest = absolute[2]!
  // RFC 9112 §3.2.4: an OPTIONS for the server as a whole has an empty path in absolute-form.
  const origin = rest === '' ? (method === 'OPTIONS' ? '*' : '/') : rest.startsWith('/') ? rest : `/${rest}`
  return { target: origin, authority: absolute[1]! }
}

// Narrower than RFC 3986: what no host of the internet has (`%`, `,` and the like) only serves to look like another one.
const AUTHORITY = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9\-._~]*)(?::[0-9]{0,5})?$/

/**
 * The host of an authority: lower case, without port and the dot of an absolute name; empty where the authority is.
 *
 * @throws HeadFault for what is no host.
 */
export function toHost(authority: string): string {
  const match = AUTHORITY.exec(authority)
  if (match === null) throw new HeadFault('malformed host')
  const host = match[1]!.toLowerCase()
  // `a.test.` is the same host as `a.test`, and must not slip past the rules for it.
  return host.length > 1 && host.endsWith('.') ? host.slice(0, -1) : host
}
