import type { ComponentBinary, ExternDescription } from '../parse/component-binary.ts'
import { isCompatibleVersion, parseInterfaceName, type InterfaceName, type InterfaceVersion } from './interface-name.ts'
import { quoteName } from './quote-name.ts'

const CONTRACT_VERSION: InterfaceVersion = { major: 0, minor: 1, patch: 0 }
const WASI_VERSION: InterfaceVersion = { major: 0, minor: 2, patch: 0 }

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

/** What a component asks of its host under one name. */
export interface ComponentImport {
  readonly name: string
  readonly sort: ExternDescription['sort']
  /** For a type: whether it is a resource that the host would have to bring. */
  readonly isResource: boolean
}

/** What a component asks of its host, read from its own definitions. */
export function listImports({ definitions }: ComponentBinary): ComponentImport[] {
  return definitions.flatMap((definition) => {
    if (definition.kind !== 'import') return []
    const { name, description } = definition
    const isResource = description.sort === 'type' && description.equals === undefined
    return [{ name, sort: description.sort, isResource }]
  })
}

/**
 * Holds a component's imports against what a plugin may import: `vane:host/host` and WASI that the host has a stand-in for.
 *
 * @returns why the component is refused, or `undefined`.
 */
export function checkImports(imports: readonly ComponentImport[]): string | undefined {
  for (const entry of imports) {
    // A world that names a type of an interface imports that type again beside it; there is nothing to bring.
    if (entry.sort === 'type' && !entry.isResource) continue
    const name = entry.sort === 'instance' ? parseInterfaceName(entry.name) : undefined
    const refusal = name === undefined ? notPermitted(entry) : whyRefused(name, entry)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function whyRefused(name: InterfaceName, entry: ComponentImport): string | undefined {
  if (name.id === 'vane:host/host' || name.id === 'vane:plugin/types') {
    return isVersion(name, CONTRACT_VERSION) ? undefined : wrongVersion(entry, `${name.id}@0.1.x`)
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

const SORT_NAMES: Readonly<Record<ComponentImport['sort'], string>> = {
  instance: '',
  func: 'the function ',
  type: 'the type ',
  component: 'the component ',
  'core-module': 'the core module ',
}

function notPermitted({ name, sort }: ComponentImport): string {
  return `imports ${SORT_NAMES[sort]}${quoteName(name)}: a plugin may import nothing but vane:host/host@0.1.x and WASI 0.2 without files, sockets or http`
}
