import type { CgiTerminate, HttpRequest } from 'vane-core'
import type { Connection } from '../../listen/connection.ts'
import { isHostOwned } from '../../http1/hop-by-hop.ts'
import { fromWireValue } from '../../http1/wire-value.ts'

/** What of a rule the environment depends on. */
export type CgiMount = Pick<CgiTerminate, 'scriptName' | 'env' | 'blockHeaders'>

/** Fields that never become `HTTP_*`: they have variables of their own, or belong to the connection, or are an attack. */
const NEVER: ReadonlySet<string> = new Set([
  'content-type',
  // Libraries take HTTP_PROXY for the proxy that *they* should use ("httpoxy").
  'proxy',
])

/**
 * The whole environment of a program (RFC 3875 §4.1): what the rule says, and what the request says over it. Nothing of
 * the daemon's own.
 *
 * @param contentLength bytes on standard input; `undefined` where the request has no body.
 */
export function toCgiEnvironment(
  mount: CgiMount,
  request: HttpRequest,
  { connection, pathInfo, contentLength }: CgiFacts,
): Record<string, string> {
  const env: Record<string, string> = { ...mount.env }
  for (const [name, value] of toHeaderVariables(request, mount.blockHeaders)) env[name] = value
  const contentType = request.headers.get('content-type')
  return {
    ...env,
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'vane',
    SERVER_PROTOCOL: `HTTP/${request.version}`,
    SERVER_NAME: request.host === '' ? (connection.localIp ?? 'localhost') : request.host,
    SERVER_PORT: String(connection.localPort ?? (request.scheme === 'https' ? 443 : 80)),
    REQUEST_METHOD: request.method,
    REQUEST_URI: fromWireValue(request.target),
    SCRIPT_NAME: mount.scriptName,
    QUERY_STRING: fromWireValue(request.query),
    REMOTE_ADDR: connection.peerIp ?? '',
    ...(pathInfo === '' ? {} : { PATH_INFO: pathInfo }),
    ...(request.scheme === 'https' ? { HTTPS: 'on' } : {}),
    ...(contentLength === undefined ? {} : { CONTENT_LENGTH: String(contentLength) }),
    ...(contentType === undefined ? {} : { CONTENT_TYPE: fromWireValue(contentType) }),
  }
}

/** What the environment depends on besides rule and request. */
export interface CgiFacts {
  readonly connection: Pick<Connection, 'peerIp' | 'localIp' | 'localPort'>
  readonly pathInfo: string
  readonly contentLength: number | undefined
}

function toHeaderVariables({ headers }: HttpRequest, blockHeaders: readonly string[]): Map<string, string> {
  const variables = new Map<string, string>()
  headers.forEach((name, value) => {
    // `x_real_ip` and `x-real-ip` would be one variable: whoever blocks or strips one must not meet the other.
    if (!/^[a-z0-9-]+$/.test(name)) return
    if (NEVER.has(name) || isHostOwned(name) || blockHeaders.includes(name)) return
    const variable = `HTTP_${name.toUpperCase().replaceAll('-', '_')}`
    const known = variables.get(variable)
    const text = fromWireValue(value)
    // Cookies are one list in their own way (RFC 9113 §8.2.3).
    variables.set(variable, known === undefined ? text : `${known}${name === 'cookie' ? '; ' : ', '}${text}`)
  })
  return variables
}
