import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { buildPlugin } from '../../../../packages/vane-plugin-sdk/src/build/index.ts'
import { componentizeJsPlugin, nativePlugin, watPlugin } from '../../../fixtures/src/index.ts'
import type { BenchPlugin } from './vane-subjects.ts'

/** A toolchain's plugin that answers `continue`, or why there is none. */
export type ToolchainPlugin = { readonly name: string } & (
  | { readonly plugin: BenchPlugin; readonly missing?: undefined }
  | { readonly plugin?: undefined; readonly missing: string }
)

/** Builds the same plugin by each toolchain that this machine has. */
export async function buildToolchainPlugins(): Promise<ToolchainPlugin[]> {
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
    { name: 'componentize-js', plugin: { component: await buildWithComponentizeJs(), exportName: 'x', memoryMb: 32 } },
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

async function buildWithComponentizeJs(): Promise<Uint8Array> {
  const source = `
    export const registry = { getMetadata: () => ({ name: 'js', version: '1.0.0', abiVersion: '0.1.0', exports: [{
      name: 'x', kind: 'l7-request', stateless: true, needsBody: true, inspects: [], needsStreamingBody: false }] }) }
    export const handlerL7Request = { handle: () => ({ tag: 'continue' }) }`
  const without = ['random', 'stdio', 'clocks', 'http', 'fetch-event'] as const
  return await componentizeJsPlugin(source, 'l7-request-plugin', without)
}
