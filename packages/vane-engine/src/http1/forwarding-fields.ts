const NAMES: ReadonlySet<string> = new Set([
  'forwarded',
  'forwarded-for',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
])

const FIRST_LETTERS = 'xftc'

/**
 * Whether software behind a proxy commonly believes a field to tell of the original request.
 *
 * CGI, WSGI and PHP see `x_real_ip` and `x-real-ip` as one variable, so that one must not pass where the other does not.
 */
export function isForwardingField(lowerName: string): boolean {
  // Most names of a head are told apart by their first letter.
  if (!FIRST_LETTERS.includes(lowerName.charAt(0))) return false
  const name = lowerName.includes('_') ? lowerName.replaceAll('_', '-') : lowerName
  return NAMES.has(name) || name.startsWith('x-forwarded-')
}
