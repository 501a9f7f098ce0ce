/** Nothing answers at the socket: there is none, nobody listens, it may not be opened, or the other end went away or stayed silent. */
export class MgmtUnreachableError extends Error {
  override readonly name = 'MgmtUnreachableError'
  /** The path that was tried. */
  readonly socketPath: string
  /** System error code such as `ENOENT`, where there was one. */
  readonly code: string | undefined

  constructor(
    socketPath: string,
    reason: string,
    options: { readonly code?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(`cannot reach the daemon at ${socketPath}: ${reason}`, { cause: options.cause })
    this.socketPath = socketPath
    this.code = options.code
  }
}

/** Says in words why a connection could not be made. */
export function toUnreachableError(socketPath: string, error: NodeJS.ErrnoException): MgmtUnreachableError {
  return new MgmtUnreachableError(socketPath, reasonOf(error), { code: error.code, cause: error })
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'there is no such socket'
    case 'ECONNREFUSED':
      return 'nobody listens there'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'ENOTSOCK':
      return 'it is no socket'
    default:
      return error.message
  }
}
