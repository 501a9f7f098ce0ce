import type { WasiFunctions, WasiResult } from './wasi-host.ts'
import { Inert } from './wasi-io.ts'

/** `wasi:filesystem/preopens`: nothing, so that there is never a descriptor. */
export const PREOPENS: WasiFunctions = { 'get-directories': () => [] }

/** `wasi:filesystem/types`. */
export const FILESYSTEM_TYPES: WasiFunctions = { 'filesystem-error-code': () => undefined }

const ACCESS_DENIED: WasiResult = { tag: 'err', val: 'access-denied' }

/** `wasi:sockets/*`: whatever would make a socket or ask for a name answers `access-denied`. */
export const SOCKETS: WasiFunctions = {
  'instance-network': () => new Inert(),
  'network-error-code': () => undefined,
  'resolve-addresses': () => ACCESS_DENIED,
  'create-tcp-socket': () => ACCESS_DENIED,
  'create-udp-socket': () => ACCESS_DENIED,
}

/** `wasi:http/outgoing-handler`: plugins fetch through `vane:host/host.http-fetch`, where the operator's policy applies. */
export const OUTGOING_HANDLER: WasiFunctions = {
  handle: () => ({ tag: 'err', val: { tag: 'HTTP-request-denied' } }),
}
