// For plugins that import the host's interface itself rather than `vane-plugin-sdk/host`. Add "vane-plugin-sdk/vane-host" to
// `compilerOptions.types`.
declare module 'vane:host/host@0.1.0' {
  type Host = import('vane-plugin-sdk').HostInterface
  export const getArgs: Host['getArgs']
  export const log: Host['log']
  export const nowUnixMs: Host['nowUnixMs']
  export const random: Host['random']
  export const metricCounter: Host['metricCounter']
  export const metricGauge: Host['metricGauge']
  export const httpFetch: Host['httpFetch']
}
