/** Who may begin a TLS handshake. */
export interface HandshakeFloor {
  /**
   * Counts a handshake in, unless there are too many of them.
   *
   * @param peerIp without zone; `undefined` on a Unix socket.
   * @returns whether it was counted.
   */
  beginHandshake(peerIp: string | undefined): boolean
  /** Counts a handshake out that was counted in, however it ended. */
  endHandshake(): void
}

/** Lets everybody begin. */
export const ANY_HANDSHAKE: HandshakeFloor = { beginHandshake: () => true, endHandshake: () => {} }
