import { quoteName } from './load-error.ts'
import type { ComponentImport } from './component-shape.ts'
import { isCompatibleVersion, parseInterfaceName, type InterfaceName, type InterfaceVersion } from './interface-name.ts'

const CONTRACT_VERSION: InterfaceVersion = { major: 0, minor: 1, patch: 0 }
const WASI_VERSION: InterfaceVersion = { major: 0, minor: 2, patch: 0 }

/** Functions of `vane:host/host`. */
const HOST_FUNCTIONS: ReadonlySet<string> = new Set([
  'get-args',
  'log',
  'now-unix-ms',
  'random',
  'metric-counter',
  'metric-gauge',
  'http-fetch',
])

/** Interfaces of WASI 0.2 that toolchains pull in and that have a harmless stand-in here. */
const WASI_INTERFACES: ReadonlySet<string> = new Set([
  'wasi:io/error',
  'wasi:io/poll',
  'wasi:io/streams',
  'wasi:clocks/monotonic-clock',
  'wasi:clocks/wall-clock',
  'wasi:clocks/timezone',
  'wasi:random/random',
  'wasi:random/insecure',
  'wasi:random/insecure-seed',
  'wasi:cli/environment',
  'wasi:cli/exit',
  'wasi:cli/stdin',
  'wasi:cli/stdout',
  'wasi:cli/stderr',
  'wasi:cli/terminal-input',
  'wasi:cli/terminal-output',
  'wasi:cli/terminal-stdin',
  'wasi:cli/terminal-stdout',
  'wasi:cli/terminal-stderr',
  'wasi:filesystem/types',
  'wasi:filesystem/preopens',
  'wasi:sockets/network',
  'wasi:sockets/instance-network',
  'wasi:sockets/ip-name-lookup',
  'wasi:sockets/tcp',
  'wasi:sockets/tcp-create-socket',
  'wasi:sockets/udp',
  'wasi:sockets/udp-create-socket',
  'wasi:http/types',
  'wasi:http/outgoing-handler',
])

/** What a component's imports come to, if they are all permitted. */
export interface CheckedImports {
  /** WASI interfaces by their name without version. */
  readonly wasi: readonly string[]
  /** Full names of the imported versions of `vane:host/host` that bring `http-fetch`; empty for a plugin that cannot fetch. */
  readonly httpFetchFrom: readonly string[]
}

/**
 * Holds a component's imports against what a plugin may import: `vane:host/host` and WASI that the host has a stand-in for.
 *
 * @returns the reason for a refusal as text, or what the imports come to.
 */
export function checkImports(imports: readonly ComponentImport[]): CheckedImports | string {
  const wasi: string[] = []
  const httpFetchFrom: string[] = []
  for (const entry of imports) {
    // A world that names a type of an interface imports that type again beside it; there is nothing to bring.
    if (entry.sort === 'type' && !entry.isResource) continue
    const name = entry.sort === 'instance' ? parseInterfaceName(entry.name) : undefined
    const refusal = name === undefined ? notPermitted(entry) : whyRefused(name, entry)
    if (refusal !== undefined) return refusal
    if (name?.packageId.startsWith('wasi:') === true) wasi.push(name.id)
    else if (entry.functions.includes('http-fetch')) httpFetchFrom.push(entry.name)
  }
  return { wasi, httpFetchFrom }
}

function whyRefused(name: InterfaceName, entry: ComponentImport): string | undefined {
  if (name.id === 'vane:host/host') {
    if (!isVersion(name, CONTRACT_VERSION)) return wrongVersion(entry, 'vane:host/host@0.1.x')
    const unknown = entry.functions.find((functionName) => !HOST_FUNCTIONS.has(functionName))
    return unknown === undefined
      ? undefined
      : `imports ${quoteName(unknown)} from vane:host/host, which has no such function`
  }
  if (name.id === 'vane:plugin/types') {
    if (!isVersion(name, CONTRACT_VERSION)) return wrongVersion(entry, 'vane:plugin/types@0.1.x')
    return entry.functions.length === 0 ? undefined : 'imports functions from vane:plugin/types, which has none'
  }
  if (!WASI_INTERFACES.has(name.id)) return notPermitted(entry)
  return isVersion(name, WASI_VERSION) ? undefined : wrongVersion(entry, `${name.id}@0.2.x`)
}

function isVersion(name: InterfaceName, expected: InterfaceVersion): boolean {
  return name.version !== undefined && isCompatibleVersion(name.version, expected)
}

function wrongVersion(entry: ComponentImport, expected: string): string {
  return `imports ${quoteName(entry.name)}: this host provides ${expected}`
}

function notPermitted(entry: ComponentImport): string {
  const what = entry.sort === 'instance' ? '' : `the ${entry.sort} `
  return `imports ${what}${quoteName(entry.name)}: a plugin may import nothing but vane:host/host@0.1.x and WASI 0.2 without files, sockets or http`
}
