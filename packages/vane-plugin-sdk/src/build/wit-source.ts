import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import type { MiddlewareKind } from '../contract/metadata.ts'
import { BuildError } from './build-error.ts'

/** The folder with `plugin.wit` and `deps/host.wit`, for toolchains that take a path. */
export const witDirectory: string = fileURLToPath(new URL('../../wit/', import.meta.url))

/** The name of a world in `plugin.wit`. */
export type World =
  | 'plugin'
  | 'l7-plugin'
  | 'l4-plugin'
  | 'l4-peek-plugin'
  | 'l4-bytes-plugin'
  | 'l7-request-plugin'
  | 'l7-response-plugin'

/** The kinds of handlers that each world exports. */
export const worldKinds: Readonly<Record<World, readonly MiddlewareKind[]>> = {
  plugin: ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response'],
  'l7-plugin': ['l7-request', 'l7-response'],
  'l4-plugin': ['l4-peek', 'l4-bytes'],
  'l4-peek-plugin': ['l4-peek'],
  'l4-bytes-plugin': ['l4-bytes'],
  'l7-request-plugin': ['l7-request'],
  'l7-response-plugin': ['l7-response'],
}

/** The names of all worlds. */
export const worlds: readonly World[] = Object.keys(worldKinds) as World[]

/** A WIT file's text. */
export function readWit(file: 'plugin.wit' | 'deps/host.wit'): string {
  return readFileSync(new URL(`../../wit/${file}`, import.meta.url), 'utf8')
}

let cachedSource: string | undefined

/**
 * Both WIT packages as one document, `vane:host` nested in `vane:plugin`. Wasm-tools compiled to WebAssembly take this
 * form; given a path they fail with an operating system error and are unusable from then on.
 */
export function witSource(): string {
  cachedSource ??= `${readWit('plugin.wit')}\n${nestPackage(readWit('deps/host.wit'))}`
  return cachedSource
}

/** Turns a document of one package into a nested package that can follow another document. */
export function nestPackage(wit: string): string {
  return `${wit.replace(/^package ([^;]+);/m, 'package $1 {')}}\n`
}

/** Fails unless `world` is one that the SDK defines. */
export function assertWorld(world: string): asserts world is World {
  if (!Object.hasOwn(worldKinds, world)) {
    throw new BuildError('world-not-found', `there is no world "${world}"; the worlds are ${worlds.join(', ')}`)
  }
}
