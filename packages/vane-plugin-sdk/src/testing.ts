import type { HostInterface } from './contract/host.ts'
import { installHost } from './guest/raw-host.ts'

export type { HostInterface } from './contract/host.ts'

/** A host for tests: the functions of the contract, and the arguments as a value instead of text. */
export interface TestHost extends Partial<Omit<HostInterface, 'getArgs'>> {
  /** What `args()` answers. Default `{}`. */
  args?: unknown
}

/**
 * Lets a plugin's modules run in Node, under any test runner: `vane-plugin-sdk/host` calls these functions from now on. What
 * is not given throws when called, but for `log` and the metrics, which do nothing.
 */
export function installTestHost({ args = {}, ...functions }: TestHost = {}): void {
  const nothing = (): void => {}
  installHost({
    log: nothing,
    metricCounter: nothing,
    metricGauge: nothing,
    getArgs: () => JSON.stringify(args),
    ...functions,
  })
}
