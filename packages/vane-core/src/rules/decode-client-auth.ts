import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import { decodeEnum, type Decode } from '../schema/decode-scalar.ts'
import { decodeFilePath } from './decode-path.ts'
import type { ClientAuth, TrustStore } from './types.ts'

const MODES = ['none', 'request', 'require'] as const

const trustStore = decodeObject('trust_store', {
  ca_paths: optionalWith<readonly string[]>(
    decodeList(decodeFilePath('the file of certificate authorities'), { what: 'files' }),
    [],
  ),
  ca_dir: optional(decodeFilePath('the folder of certificate authorities')),
  crls: optionalWith<readonly string[]>(
    decodeList(decodeFilePath('a revocation list'), { what: 'revocation lists' }),
    [],
  ),
})

const decodeTrustStore: Decode<TrustStore> = (node, sink) => {
  const decoded = trustStore(node, sink)
  if (decoded === undefined) return undefined
  const { ca_paths: caPaths, ca_dir: caDir, crls } = decoded
  if (caPaths.length > 0 || caDir !== undefined) {
    return { caPaths: [...new Set(caPaths)].toSorted(), caDir, crls: [...new Set(crls)].toSorted() }
  }
  const message = 'trust_store needs "ca_paths" or "ca_dir": without either it trusts nobody'
  sink.at(node, { code: 'missing-key', message, expected: 'the key "ca_paths" or "ca_dir"' })
  return undefined
}

const fields = decodeObject('client_auth', {
  mode: required(decodeEnum('mode', MODES)),
  trust_store: optional(decodeTrustStore),
})

/** What is asked of clients' certificates. */
export const decodeClientAuth: Decode<ClientAuth> = (node, sink) => {
  const decoded = fields(node, sink)
  if (decoded === undefined) return undefined
  const { mode, trust_store: store } = decoded
  if (mode === 'none' || store !== undefined) return { mode, trustStore: store }
  const message = `client_auth with mode "${mode}" needs the key "trust_store"`
  sink.at(node, { code: 'missing-key', message, expected: 'the key "trust_store"' })
  return undefined
}
