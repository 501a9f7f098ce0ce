/** A proxy that runs plugins, as the cases see it: it is given a plugin, and then spoken to over the wire. */
export interface Proxy {
  /** Serves every request by one rule, with the exports of one plugin in its chain and an upstream behind them. */
  serve(component: Uint8Array, setup: ProxySetup): Promise<Served>
}

/** The rule, and the upstream behind it. */
export interface ProxySetup {
  /** Names of exports, in the order of the chain. */
  readonly chain: readonly string[]
  /** What a failure of any of them turns into; without it, the contract's default. */
  readonly onError?: { readonly status: number; readonly body: string }
  /**
   * The whole response of the upstream, byte for byte in latin-1, behind which it closes. A plugin has 4 MiB of memory and 1 s of CPU
   * time for each call.
   */
  readonly upstream: string
}

/** A proxy that serves. */
export interface Served {
  /** Sends bytes on a connection of its own, and answers all that came until the proxy closed it, in latin-1. */
  exchange(request: string): Promise<string>
  /** Requests that have reached the upstream, whole, in latin-1. */
  readonly upstreamRequests: readonly string[]
  close(): Promise<void>
}
