import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What came back on a connection. */
export interface RawReply {
  readonly status: number | undefined
  readonly head: string
  /** The connection ended with the response; otherwise the next request on it was answered, too. */
  readonly closed: boolean
}

const DEADLINE_MS = 60_000

/** A Unix socket; with a name to ask for, where it speaks TLS. */
export interface RawTarget {
  readonly path: string
  readonly servername?: string
}

/** Sends bytes to a Unix socket and, once they are answered, the next request: a connection that was kept answers that as well. */
export function rawRequest({ path, servername }: RawTarget, bytes: string, next: string): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const socket =
      servername === undefined
        ? connect({ path, allowHalfOpen: true })
        : // No test of certificates.
          connectTls({ path, servername, rejectUnauthorized: false })
    let text = ''
    let hasSentNext = false
    const finish = (error: Error | undefined, closed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]
      const [head = ''] = text.split('\r\n\r\n')
      if (error === undefined) resolve({ status: status === undefined ? undefined : Number(status), head, closed })
      else reject(error)
    }
    const timer = setTimeout(
      () => finish(new Error(`no answer to ${JSON.stringify(bytes.slice(0, 80))}`), true),
      DEADLINE_MS,
    )
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      const responses = text.match(/^HTTP\/1\.1 \d{3} [^]*?\r\n\r\n/gm)?.length ?? 0
      if (responses === 2) finish(undefined, false)
      if (responses !== 1 || hasSentNext) return
      hasSentNext = true
      socket.write(next, 'latin1')
    })
    socket.on('end', () => finish(undefined, true))
    socket.on('error', (error) => finish(text === '' ? error : undefined, true))
    socket.write(bytes, 'latin1')
  })
}
