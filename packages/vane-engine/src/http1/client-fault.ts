/** The client broke the protocol or a limit. Its request ends with the status given here and the connection closes. */
export class ClientFault extends Error {
  override readonly name = 'ClientFault'
  readonly status: ClientFaultStatus

  constructor(status: ClientFaultStatus, message: string) {
    super(message)
    this.status = status
  }
}

/** Statuses by which a client is told that it is at fault. */
export type ClientFaultStatus = 400 | 405 | 408 | 413 | 417 | 431 | 505
