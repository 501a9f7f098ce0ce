import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'

/** What a client saw of a handshake. */
export interface Handshake {
  /** Common name of the certificate it was shown. */
  readonly subject: string | undefined
  readonly version: string | null
  readonly alpn: string | false | null
  readonly isResumed: boolean
  /** OpenSSL's name for the suite. */
  readonly cipher: string
  readonly socket: TLSSocket
  /** The first bytes that the server sends; rejects where it closes without. */
  readonly firstBytes: Promise<Buffer>
  /** The first session that can be resumed; rejects where the server closes before. */
  readonly session: Promise<Buffer>
}

/**
 * Connects to a port of this machine. A client of TLS 1.3 is done before the server has agreed: only what the server then
 * sends shows that it has.
 *
 * @throws what the client failed with.
 */
export async function shakeHands(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  const [data, session, failed] = [
    Promise.withResolvers<Buffer>(),
    Promise.withResolvers<Buffer>(),
    Promise.withResolvers<never>(),
  ]
  socket.once('data', data.resolve)
  // A TLS 1.2 server sends it before it is done.
  socket.once('session', session.resolve)
  for (const { promise, reject } of [data, session, failed]) {
    promise.catch(() => {})
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed without a word')))
  }
  await Promise.race([once(socket, 'secureConnect'), failed.promise])
  const subject = socket.getPeerX509Certificate()?.toLegacyObject().subject.CN
  return {
    subject: Array.isArray(subject) ? subject.at(-1) : subject,
    version: socket.getProtocol(),
    alpn: socket.alpnProtocol,
    isResumed: socket.isSessionReused(),
    cipher: socket.getCipher().name,
    socket,
    firstBytes: data.promise,
    session: session.promise,
  }
}

/** What a real client sends first. */
export async function captureClientHello(): Promise<Buffer> {
  await using server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  return bytes
}
