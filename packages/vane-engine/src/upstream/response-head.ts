import { HeaderList, VaneError } from 'vane-core'
import { dropConnectionNamed, isHostOwned } from '../http1/hop-by-hop.ts'

/** A response head without what belongs to the connection it came by. */
export interface ResponseHead {
  readonly status: number
  readonly headers: HeaderList
  /** Declared length of the content in bytes, also where the content itself does not come (HEAD, 304). */
  readonly length: number | undefined
}

/**
 * Checks what the parser underneath lets through, and takes framing and hop-by-hop fields out.
 *
 * @throws VaneError of kind `upstream`, reason `malformed`.
 */
export function parseResponseHead(status: number, rawHeaders: string[], upstream: string): ResponseHead {
  if (status < 200 || status > 599) throw malformed(upstream, `status ${status}`)
  const headers = new HeaderList(rawHeaders)
  const codings = headers.getAll('transfer-encoding')
  const lengths = headers.getAll('content-length')
  if (codings.length > 1 || (codings.length === 1 && codings[0]!.trim().toLowerCase() !== 'chunked')) {
    throw malformed(upstream, 'a transfer coding other than a single chunked')
  }
  if (codings.length > 0 && lengths.length > 0) throw malformed(upstream, 'both content-length and transfer-encoding')
  if (lengths.length > 1 || (lengths.length === 1 && !/^[0-9]{1,15}$/.test(lengths[0]!))) {
    throw malformed(upstream, 'a malformed content-length')
  }
  dropConnectionNamed(headers)
  headers.filter((name) => !isHostOwned(name))
  return { status, headers, length: lengths.length === 0 ? undefined : Number(lengths[0]) }
}

/** The error of a response that is no valid HTTP. */
export function malformed(upstream: string, what: string): VaneError {
  return new VaneError({ kind: 'upstream', reason: 'malformed' }, `upstream ${upstream} sent a response with ${what}`, {
    context: { upstream },
  })
}
