import { readFile } from 'node:fs/promises'

import { BuildError } from './build-error.ts'
import { watToComponent } from './wat-to-component.ts'
import { assertWorld, type World } from './wit-source.ts'
import { writeComponent } from './write-component.ts'

/** What `buildWat` takes. */
export interface BuildWatOptions {
  /** The `.wat` file: a core module, or a component. */
  entry: string
  /** Where the component goes; its folder is made. */
  out: string
  /** The world that a core module implements. */
  world: World
}

/** Builds a plugin written in WebAssembly text. Throws `BuildError`. */
export async function buildWat(options: BuildWatOptions): Promise<Uint8Array> {
  assertWorld(options.world)
  const wat = await readEntry(options.entry)
  const component = await watToComponent(wat, { world: options.world, file: options.entry })
  await writeComponent(options.out, component)
  return component
}

/** A source file's text. Throws `BuildError` `entry-not-found`. */
export async function readEntry(entry: string): Promise<string> {
  try {
    return await readFile(entry, 'utf8')
  } catch (error) {
    throw new BuildError('entry-not-found', `cannot read the entry ${entry}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
