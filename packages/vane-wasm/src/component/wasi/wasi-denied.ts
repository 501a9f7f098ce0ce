import { WasiFailure } from './wasi-host.ts'

/** `wasi:filesystem/types.descriptor`: with no preopened directory there is never one. */
export class Descriptor {}

/** `wasi:filesystem/types.directory-entry-stream`. */
export class DirectoryEntryStream {}

/** `wasi:sockets/network.network`: leads nowhere. */
export class Network {}

/** `wasi:filesystem/preopens`. */
export function createPreopens(): object {
  return { getDirectories: () => [] }
}

/** `wasi:filesystem/types`. */
export function createFilesystemTypes(): object {
  return { Descriptor, DirectoryEntryStream, filesystemErrorCode: () => undefined }
}

/** `wasi:sockets/*`: whatever would make a socket or ask for a name answers `access-denied`. */
export function createSockets(): object {
  const deny = (): never => {
    throw new WasiFailure('access-denied')
  }
  return {
    Network,
    instanceNetwork: () => new Network(),
    networkErrorCode: () => undefined,
    resolveAddresses: deny,
    createTcpSocket: deny,
    createUdpSocket: deny,
  }
}

/** `wasi:http/outgoing-handler`: plugins fetch through `vane:host/host.http-fetch`, where the operator's policy applies. */
export function createOutgoingHandler(): object {
  return {
    handle: () => {
      throw new WasiFailure({ tag: 'HTTP-request-denied' })
    },
  }
}
