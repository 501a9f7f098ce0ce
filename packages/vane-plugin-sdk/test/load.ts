import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { transpileBytes } from '@bytecodealliance/jco-transpile'

// The types of the platform's global come with the DOM library only.
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> }

interface Handler {
  handle(name: string, input: unknown): { tag: string; val: { body: Uint8Array } }
}

/** The interfaces of a component with handlers of every kind. */
export interface Loaded {
  registry: { getMetadata(): unknown }
  handlerL4Peek: Handler
  handlerL4Bytes: Handler
  handlerL7Request: Handler
  handlerL7Response: Handler
}

interface Glue {
  instantiate(getCoreModule: (name: string) => Promise<object>, imports: object): Promise<Loaded>
}

/** Runs a component by jco's glue, with these functions as its host. */
export async function load(component: Uint8Array, host: Record<string, unknown>): Promise<Loaded> {
  const { files } = await transpileBytes(component, { name: 'plugin', instantiation: { tag: 'async' } })
  const find = (name: string): Uint8Array => {
    const found = Object.entries(files as unknown as Readonly<Record<string, Uint8Array>>).find(([path]) =>
      path.endsWith(name),
    )
    if (found === undefined) throw new Error(`jco emitted no ${name}`)
    return found[1]
  }
  const folder = await mkdtemp(join(tmpdir(), 'vane-sdk-load-'))
  try {
    await writeFile(join(folder, 'glue.mjs'), find('plugin.js'))
    const glue = (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'glue.mjs')).href)) as Glue
    return await glue.instantiate((name: string) => WebAssembly.compile(find(name)), { 'vane:host/host': host })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
