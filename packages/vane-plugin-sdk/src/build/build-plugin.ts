import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { componentize } from 'componentize-qjs'

import type { Metadata, MiddlewareKind } from '../contract/metadata.ts'
import { BuildError } from './build-error.ts'
import { bundle } from './bundle.ts'
import { type HostFunction, pluginWit } from './host-functions.ts'
import { handlerInterfaces, probePlugin } from './probe.ts'
import { assertWorld, type World, worldKinds } from './wit-source.ts'
import { writeComponent } from './write-component.ts'

/** What `buildPlugin` takes. */
export interface BuildPluginOptions {
  /** The module, TypeScript or JavaScript, whose default export is `definePlugin({ … })`. */
  entry: string
  /** Where the component goes; its folder is made. Absent: it is only returned. */
  out?: string
  /** Default: a world with exactly the handlers the plugin has, and the host functions it uses. */
  world?: World
  /** `speed` (default): 1.6 MB. `size`: 1.1 MB, and slower. */
  optimize?: 'speed' | 'size'
}

/** A plugin that was built. */
export interface BuiltPlugin {
  component: Uint8Array
  metadata: Metadata
  /** What it imports of `vane:host/host`. */
  hostFunctions: HostFunction[]
  /** Every source file that went in, for watching. */
  inputs: string[]
}

/**
 * Builds a plugin written in TypeScript. Types are stripped, not checked: run `tsc` for that. Throws `BuildError` with the codes
 * `entry-not-found`, `syntax` (an unresolved import too), `metadata`, `world-not-found` and `component`.
 */
export async function buildPlugin(options: BuildPluginOptions): Promise<BuiltPlugin> {
  const entry = resolve(options.entry)
  if (options.world !== undefined) assertWorld(options.world)
  const probed = await bundle({ entry, target: 'probe', interfaces: [], hasDefault: false })
  const { metadata, kinds, hasDefault } = probePlugin(probed.code, options.entry)
  const exported = options.world === undefined ? kinds : kindsOfWorld(options.world, kinds, options.entry)
  const interfaces = ['registry', ...exported.map((kind) => handlerInterfaces[kind])]
  const { code, hostFunctions, inputs } = await bundle({ entry, target: 'guest', interfaces, hasDefault })
  const wit = pluginWit(
    exported.map((kind) => `handler-${kind}`),
    hostFunctions,
  )
  const component = await toComponent(code, wit, options)
  if (options.out !== undefined) await writeComponent(options.out, component)
  return { component, metadata, hostFunctions, inputs }
}

function kindsOfWorld(world: World, kinds: readonly MiddlewareKind[], entry: string): readonly MiddlewareKind[] {
  const wanted = worldKinds[world]
  const missing = wanted.find((kind) => !kinds.includes(kind))
  const extra = kinds.find((kind) => !wanted.includes(kind))
  const place = { file: entry }
  if (missing !== undefined) {
    throw new BuildError('component', `the world ${world} needs a handler for ${missing}, and there is none`, { place })
  }
  if (extra !== undefined) {
    throw new BuildError('component', `the plugin has a handler for ${extra}, which the world ${world} leaves out`, {
      place,
    })
  }
  return wanted
}

async function toComponent(
  code: string,
  wit: { plugin: string; host: string },
  { entry, optimize = 'speed' }: BuildPluginOptions,
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'vane-plugin-'))
  try {
    await mkdir(join(folder, 'deps'))
    await writeFile(join(folder, 'plugin.wit'), wit.plugin)
    await writeFile(join(folder, 'deps', 'host.wit'), wit.host)
    // Without `sync` the engine is built for the asynchronous component model, which hosts do not have yet.
    const { component } = await componentize({
      witPath: folder,
      jsSource: code,
      world: 'build',
      stubWasi: true,
      sync: true,
      optSize: optimize === 'size',
    })
    return new Uint8Array(component)
  } catch (error) {
    throw new BuildError('component', error instanceof Error ? error.message : String(error), {
      place: { file: entry },
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
