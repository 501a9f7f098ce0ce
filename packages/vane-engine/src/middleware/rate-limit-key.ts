import { hash } from 'node:crypto'
import type { RateLimitKey } from 'vane-core'
import type { Flow } from '../executor/flow.ts'
import { toAddressKey } from '../floor/address-key.ts'
import { createFieldReader } from '../link/field-reader.ts'

/** Under what a request is counted: a text of bounded length. */
export type KeyOf = (flow: Flow) => string

/**
 * Makes the reader of a key.
 *
 * What clients write is kept as its SHA-256: a header may be long, a short text may hold on to the whole head it was cut
 * from, and nobody can find two that are the same.
 */
export function createKeyOf(key: RateLimitKey): KeyOf {
  if (key === 'global') return () => ''
  if (key === 'remote_ip') return readAddress
  const read = createPart(key)
  return (flow) => hash('sha256', read(flow), 'latin1')
}

function createPart(key: RateLimitKey): KeyOf {
  if (key === 'global') return () => ''
  if (key === 'remote_ip') return readAddress
  if ('header' in key) return createField(`http.header.${key.header}`)
  if ('cookie' in key) return createField(`http.cookie.${key.cookie}`)
  if ('query' in key) return createField(`http.query.${key.query}`)
  const parts = key.composite.map(createPart)
  return (flow) => {
    let text = ''
    for (const part of parts) {
      const value = part(flow)
      // With its length, so that no value can be written to look like two.
      text += `${value.length}:${value}`
    }
    return text
  }
}

/** Requests that lack the field are counted together: leaving it out must not be a way around the limit. */
function createField(field: string): KeyOf {
  const read = createFieldReader(field)
  if (read === undefined) throw new Error(`field ${field} cannot be read`)
  return ({ connection, request }) => {
    const value = read(connection, request)
    return value === undefined ? 'absent' : `=${value}`
  }
}

function readAddress({ connection: { peerIp } }: Flow): string {
  return peerIp === undefined ? 'unix' : toAddressKey(peerIp)
}
