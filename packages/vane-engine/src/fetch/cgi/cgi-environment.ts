import type { CgiTerminate, HttpRequest } from 'vane-core'
import type { Connection } from '../../listen/connection.ts'
import { ClientFault } from '../../http1/client-fault.ts'
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
 * The part of a path below the place where a program is mounted, decoded (RFC 3875 §4.1.5); `undefined` where the path is
 * not below it.
 *
 * @throws ClientFault 400 for what would mean something else decoded: an encoded slash, NUL, or bytes that are no UTF-8;
 *   and for segments `.` and `..`, since programs take what they are given for a place below some folder of theirs.
 */
export function toPathInfo(path: string, scriptName: string): string | undefined {
  if (path !== scriptName && !path.startsWith(`${scriptName}/`)) return undefined
  const rest = path.slice(scriptName.length)
  if (/%(?:2f|00)/i.test(rest)) throw new ClientFault(400, 'path of a CGI request with an encoded slash or NUL')
  const pathInfo = decodePath(rest)
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(pathInfo)) throw new ClientFault(400, 'path of a CGI request with dot segments')
  return pathInfo
}

function decodePath(path: string): string {
  try {
    // Bytes that came as they are become escapes first, so that both kinds are read as UTF-8 together.
    return decodeURIComponent(path.replace(/[^\x00-\x7f]/g, (char) => `%${char.charCodeAt(0).toString(16)}`))
  } catch {
    throw new ClientFault(400, 'path of a CGI request that is no percent-encoded UTF-8')
  }
}

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
