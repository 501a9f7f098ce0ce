import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildPlugin, witSource } from '../../../../packages/vane-plugin-sdk/src/build/index.ts'
import { nativePlugin, watPlugin } from '../../../fixtures/src/index.ts'
import type { BenchPlugin } from './vane-subjects.ts'

/** A toolchain's plugin that answers `continue`, or why there is none. */
export type ToolchainPlugin = { readonly name: string } & (
  | { readonly plugin: BenchPlugin; readonly missing?: undefined }
  | { readonly plugin?: undefined; readonly missing: string }
)

/** Builds the same plugin by each toolchain that this machine has. @param componentizeJs folder that has it in `node_modules`. */
export async function buildToolchainPlugins(componentizeJs: string | undefined): Promise<ToolchainPlugin[]> {
  const wat = await watPlugin({
    metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: { 'l7-request': { answer: 'continue' } },
  })
  const c = await nativePlugin('c')
  const rust = await nativePlugin('rust')
  return [
    { name: 'WAT', plugin: { component: wat, exportName: 'x', memoryMb: 1 } },
    c === undefined
      ? { name: 'C', missing: 'install clang and lld' }
      : { name: 'C', plugin: { component: c, exportName: 'x', memoryMb: 1 } },
    rust === undefined
      ? { name: 'Rust', missing: 'install Rust with the target wasm32-unknown-unknown' }
      : { name: 'Rust', plugin: { component: rust, exportName: 'x', memoryMb: 2 } },
    { name: 'componentize-qjs', plugin: { component: await buildWithSdk(), exportName: 'x', memoryMb: 4 } },
    componentizeJs === undefined
      ? {
          name: 'componentize-js',
          missing:
            'npm install @bytecodealliance/componentize-js@0.23.0 somewhere and give the folder as --componentize-js',
        }
      : {
          name: 'componentize-js',
          plugin: { component: await buildWithComponentizeJs(componentizeJs), exportName: 'x', memoryMb: 32 },
        },
  ]
}

async function buildWithSdk(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(resolve(import.meta.dirname, '../..'), '.plugin-'))
  try {
    const entry = join(folder, 'plugin.ts')
    await writeFile(
      entry,
      `import { decide, definePlugin } from 'vane-plugin-sdk'
      export default definePlugin({
        name: 'qjs',
        version: '1.0.0',
        exports: { x: { kind: 'l7-request', handle: () => decide.continue() } },
      })`,
    )
    return (await buildPlugin({ entry })).component
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface ComponentizeJs {
  componentize(
    source: string,
    options: { witPath: string; worldName: string; disableFeatures: readonly string[] },
  ): Promise<{ component: Uint8Array }>
}

async function buildWithComponentizeJs(folder: string): Promise<Uint8Array> {
  // It has an entry point for `import` alone, which resolves from this file, not from that folder.
  const path = join(resolve(folder), 'node_modules/@bytecodealliance/componentize-js/src/componentize.js')
  const { componentize } = (await import(pathToFileURL(path).href)) as ComponentizeJs
  const work = await mkdtemp(join(tmpdir(), 'vane-bench-'))
  try {
    const wit = join(work, 'plugin.wit')
    await writeFile(wit, witSource())
    const source = `
      export const registry = { getMetadata: () => ({ name: 'js', version: '1.0.0', abiVersion: '0.1.0', exports: [{
        name: 'x', kind: 'l7-request', stateless: true, needsBody: true, inspects: [], needsStreamingBody: false }] }) }
      export const handlerL7Request = { handle: () => ({ tag: 'continue' }) }`
    const options = { witPath: wit, worldName: 'l7-request-plugin' }
    const { component } = await componentize(source, {
      ...options,
      disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
    })
    return component
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
