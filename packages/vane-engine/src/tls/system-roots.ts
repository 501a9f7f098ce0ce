import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { CLIENT_PROFILE } from './client-profile.ts'

/**
 * The authorities of this machine, for upstreams whose rules name none. One for each engine: to read some hundred
 * certificates takes longer than many handshakes.
 */
export class SystemRoots {
  #ca: readonly string[] | undefined
  #context: SecureContext | undefined

  /** PEM: those that the system trusts and `NODE_EXTRA_CA_CERTS` adds; the runtime's own where the system has none. */
  get ca(): readonly string[] {
    if (this.#ca === undefined) {
      const system = getCACertificates('system')
      this.#ca = system.length === 0 ? getCACertificates('default') : [...system, ...getCACertificates('extra')]
    }
    return this.#ca
  }

  /** A context that trusts them and shows no certificate. */
  get context(): SecureContext {
    return (this.#context ??= createSecureContext({ ...CLIENT_PROFILE, ca: [...this.ca] }))
  }
}
