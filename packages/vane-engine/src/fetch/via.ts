import type { HeaderList, HttpResponse, HttpVersion } from 'vane-core'
import type { SwitchedUpstream, UpstreamListener } from '../upstream/upstream-request.ts'

const VIA = 'via'

/** Notes in a message that it came here by a version of HTTP, behind whoever noted so before (RFC 9110 §7.6.3). */
export function addVia(headers: HeaderList, version: HttpVersion, name: string): void {
  const before = headers.getAll(VIA).filter((value) => value !== '')
  headers.set(VIA, [...before, `${version.includes('.') ? version : `${version}.0`} ${name}`].join(', '))
}

/** Notes in each response that it came through here, and passes it on. */
export class ViaListener implements UpstreamListener {
  readonly #listener: UpstreamListener
  readonly #name: string

  constructor(listener: UpstreamListener, name: string) {
    this.#listener = listener
    this.#name = name
  }

  onInterim(status: number, headers: HeaderList): void {
    this.#listener.onInterim(status, headers)
  }

  onResponse(response: HttpResponse, version: HttpVersion, nowMs?: number): void {
    addVia(response.headers, version, this.#name)
    this.#listener.onResponse(response, version, nowMs)
  }

  onSwitched(headers: HeaderList, upstream: SwitchedUpstream): void {
    this.#listener.onSwitched(headers, upstream)
  }

  onFailure(error: Error): void {
    this.#listener.onFailure(error)
  }
}
