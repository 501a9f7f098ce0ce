import type { Body } from 'vane-core'

/** Fields that frame a request with that body, `[name, value]`; none where there is nothing to frame (RFC 9110 §8.6). */
export function toFraming(body: Body, method: string): string[] {
  switch (body.kind) {
    case 'stream':
      return body.length === undefined ? ['transfer-encoding', 'chunked'] : ['content-length', String(body.length)]
    case 'fixed':
      return ['content-length', String(body.bytes.length)]
    case 'empty':
      return method === 'GET' || method === 'HEAD' ? [] : ['content-length', '0']
  }
}
