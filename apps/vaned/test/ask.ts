import { connect as connectHttp2 } from 'node:http2'
import { request as httpRequest } from 'node:http'

/** A request, whatever version it goes by. */
export interface AskOptions {
  readonly method?: string
  readonly path?: string
  readonly host?: string
  /** A list sends the field several times. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

/** What came back; `dropped` where nothing did. */
export type Asked =
  | { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string }
  | 'dropped'

/** Both versions that a listener in clear speaks. */
export const VERSIONS = ['HTTP/1.1', 'HTTP/2'] as const

/** Sends one request to a port of this machine, on a connection of its own. */
export function ask(version: (typeof VERSIONS)[number], port: number, options: AskOptions = {}): Promise<Asked> {
  return version === 'HTTP/2' ? askHttp2(port, options) : askHttp1(port, options)
}

function askHttp1(
  port: number,
  { method = 'GET', path = '/', host = 'a.test', headers, body }: AskOptions,
): Promise<Asked> {
  return new Promise((resolve) => {
    const request = httpRequest({ port, host: '127.0.0.1', method, path, agent: false, headers: { host, ...headers } })
    request.on('error', () => resolve('dropped'))
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.on('error', () => resolve('dropped'))
    })
    request.end(body)
  })
}

function askHttp2(
  port: number,
  { method = 'GET', path = '/', host = 'a.test', headers, body }: AskOptions,
): Promise<Asked> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const finish = (asked: Asked): void => {
      resolve(asked)
      session.close()
    }
    session.on('error', () => finish('dropped'))
    const fields = { ':method': method, ':path': path, ':authority': host, ...headers }
    const stream = session.request(fields, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    let text = ''
    stream.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    stream.on('error', () => finish('dropped'))
    stream.on('response', (received) => {
      stream.on('end', () => finish({ status: Number(received[':status']), headers: received, text }))
    })
    stream.on('close', () => finish('dropped'))
  })
}
