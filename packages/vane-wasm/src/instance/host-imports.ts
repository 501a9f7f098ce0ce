/** A function of the host, called with lifted arguments. What it throws ends the call as a trap. */
export type HostFunction = (...args: never[]) => unknown

/** What a component is given by the host. Names are those of the binary, such as `[method]output-stream.write`. */
export interface HostImports {
  /** @param interfaceName with its version. */
  find(interfaceName: string, name: string): HostFunction
  /** Whether a function answers a promise, for which the guest then waits. */
  isSuspending(interfaceName: string, name: string): boolean
}
