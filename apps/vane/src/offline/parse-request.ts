import { formatIp, parseIp, unmapIp, type FieldValue } from 'vane-core'
import type { DescribedRequest } from 'vane-engine/config'
import { UsageError } from '../usage-error.ts'
import type { OfflineOptions } from './offline-command.ts'

/** A request as the command line describes it. */
export interface ParsedRequest extends DescribedRequest {
  /** That the connection goes to. */
  readonly port: number
}

const FORM =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (https?):\/\/([^/?#\s:[\]]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(\/[^?#\s]*)?(?:\?([^#\s]*))?$/

/**
 * Understands `--request`, `-H`, `--from` and `--sni`. What nobody said is absent: a client's address, cookies, certificates.
 *
 * @throws UsageError that says what was expected.
 */
export function parseRequest({ request, headers, from, sni }: OfflineOptions): ParsedRequest {
  if (request === undefined) throw new UsageError(`explain needs --request, such as --request 'GET https://a.test/x'`)
  const match = FORM.exec(request)
  if (match === null) throw new UsageError(`--request is a method and an address, such as 'GET https://a.test/x'`)
  const [, method = '', scheme = '', writtenHost = '', writtenPort, path = '/', query = ''] = match
  const isTls = scheme === 'https'
  const port = writtenPort === undefined ? (isTls ? 443 : 80) : Number(writtenPort)
  if (port < 1 || port > 65_535) throw new UsageError(`--request has the port ${port}, which does not exist`)
  const given = headers.map(parseHeader)
  const ownHost = given.find(([name]) => name === 'host')?.[1]
  const host = (ownHost?.replace(/:\d+$/, '') ?? writtenHost).toLowerCase()
  const fields: Record<string, FieldValue> = {
    transport: 'tcp',
    'local.port': port,
    'http.method': method,
    'http.version': '1.1',
    'http.host': host,
    'http.uri.path': path,
    'http.body': '',
  }
  if (from !== undefined) fields['remote.ip'] = parseAddress(from)
  if (isTls) {
    fields['tls.sni'] = (sni ?? host).toLowerCase()
    fields['tls.version'] = '1.3'
    fields['tls.peer_cert.present'] = false
  } else if (sni !== undefined) throw new UsageError('--sni needs a request to https://')
  const hostHeader: [string, string][] =
    ownHost === undefined ? [['host', writtenPort === undefined ? writtenHost : `${writtenHost}:${writtenPort}`]] : []
  return { fields, headers: [...hostHeader, ...given], query, port }
}

function parseHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':')
  if (colon < 1)
    throw new UsageError(`-H is a name and a value, such as -H 'accept: text/html', not ${JSON.stringify(text)}`)
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()]
}

function parseAddress(text: string): string {
  const address = parseIp(text)
  if (address === undefined) throw new UsageError(`--from is an IP address, not ${JSON.stringify(text)}`)
  return formatIp(unmapIp(address))
}
