import type { HostInterface } from '../contract/host.ts'

// In a plugin this module is not this file: the build puts the imports of `vane:host/host@0.1.0` in its place. Here it lets
// `vane-plugin-sdk/host` be imported by a test that runs in Node.

let installed: Partial<HostInterface> = {}

/** Gives the functions that stand for the host from now on. */
export function installHost(host: Partial<HostInterface>): void {
  installed = host
}

function bound<Name extends keyof HostInterface>(name: Name): HostInterface[Name] {
  const found = installed[name]
  if (found === undefined) {
    throw new Error(`the host function ${name} exists only inside a plugin; in a test call installTestHost first`)
  }
  return found
}

export const getArgs: HostInterface['getArgs'] = () => bound('getArgs')()
export const log: HostInterface['log'] = (level, message, fields) => bound('log')(level, message, fields)
export const nowUnixMs: HostInterface['nowUnixMs'] = () => bound('nowUnixMs')()
export const random: HostInterface['random'] = (length) => bound('random')(length)
export const metricCounter: HostInterface['metricCounter'] = (name, delta, labels) =>
  bound('metricCounter')(name, delta, labels)
export const metricGauge: HostInterface['metricGauge'] = (name, value, labels) =>
  bound('metricGauge')(name, value, labels)
export const httpFetch: HostInterface['httpFetch'] = (request) => bound('httpFetch')(request)
