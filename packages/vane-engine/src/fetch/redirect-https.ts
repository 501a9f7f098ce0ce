import { EMPTY_BODY, HeaderList, type HttpRequest, type RedirectHttpsTerminate } from 'vane-core'
import type { Fetch } from '../executor/flow.ts'
import { ClientFault } from '../http1/client-fault.ts'
import { createTemplate } from './template.ts'

const HTTPS_PORT = 443

/**
 * A fetch that sends the client to the same place on HTTPS, with 308 so that method and body stay (RFC 9110 §15.4.9).
 *
 * A request that names no host cannot be told where to go: 400.
 */
export function createRedirectHttps({ port, headers }: RedirectHttpsTerminate): Fetch {
  const portPart = port === HTTPS_PORT ? '' : `:${port}`
  const fields = headers.map(([name, value]) => ({ name, value: createTemplate(value) }))
  return {
    start(flow) {
      const pairs = ['location', `https://${hostOf(flow.request)}${portPart}${uriOf(flow.request)}`]
      for (const { name, value } of fields) pairs.push(name, value(flow))
      return { tag: 'response', response: { status: 308, headers: new HeaderList(pairs), body: EMPTY_BODY } }
    },
  }
}

function hostOf({ host }: HttpRequest): string {
  if (host === '') throw new ClientFault(400, 'redirect of a request without a host')
  return host
}

/** `OPTIONS *` is about the server as a whole. */
function uriOf({ target }: HttpRequest): string {
  return target.startsWith('/') ? target : '/'
}
