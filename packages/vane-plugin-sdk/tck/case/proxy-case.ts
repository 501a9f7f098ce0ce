import type { Proxy } from '../host/proxy.ts'

/** One thing that the contract promises of proxies: what plugins see of messages, and what becomes of what they decide. */
export interface ProxyCase {
  /** Such as `proxy/header-names`. Unique, and stable. */
  readonly name: string
  /** What is known once it has passed, as a sentence. */
  readonly proves: string
  /** Throws if the proxy does not keep the promise. */
  readonly run: (proxy: Proxy) => Promise<void>
}
