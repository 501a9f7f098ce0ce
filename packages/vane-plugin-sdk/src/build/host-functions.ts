import { nestPackage, readWit } from './wit-source.ts'

/** The functions of `vane:host/host`, by the names JavaScript has for them. */
export const hostFunctions = [
  'getArgs',
  'log',
  'nowUnixMs',
  'random',
  'metricCounter',
  'metricGauge',
  'httpFetch',
] as const

/** One of the host's functions. */
export type HostFunction = (typeof hostFunctions)[number]

/** `getArgs` to `get-args`. */
export function toKebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/**
 * The package `vane:host` with only these functions. A component built with it fits every host that has them all: an
 * import may ask for less than is there.
 */
export function narrowHostWit(functions: readonly HostFunction[]): string {
  const kept = new Set(functions.map(toKebabCase))
  const lines = readWit('deps/host.wit').split('\n')
  const isDropped = (line: string): boolean => {
    const name = /^ {2}([a-z0-9-]+): func\(/.exec(line)?.[1]
    return name !== undefined && !kept.has(name)
  }
  // Without the comments too: one that belongs to a dropped function would be left hanging.
  return lines.filter((line) => !/^\s*\/\/\//.test(line) && !isDropped(line)).join('\n')
}

/** The whole document for a plugin: `vane:plugin`, a world `build`, and the narrowed host. */
export function pluginWit(
  handlers: readonly string[],
  functions: readonly HostFunction[],
): { plugin: string; host: string } {
  const items = [
    ...(functions.length === 0 ? [] : ['import vane:host/host@0.1.0;']),
    'export registry;',
    ...handlers.map((name) => `export ${name};`),
  ]
  // The other worlds go: they import a host that is whole.
  const plugin = readWit('plugin.wit').replaceAll(/(^\/\/\/.*\n)*^world [^}]*}\n/gm, '')
  return { plugin: `${plugin}\nworld build {\n  ${items.join('\n  ')}\n}\n`, host: narrowHostWit(functions) }
}

/** `pluginWit` as one document. */
export function pluginWitSource(handlers: readonly string[], functions: readonly HostFunction[]): string {
  const { plugin, host } = pluginWit(handlers, functions)
  return `${plugin}\n${nestPackage(host)}`
}
