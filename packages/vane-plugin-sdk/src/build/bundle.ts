import { existsSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build, type BuildOptions, type Message, type Plugin } from 'esbuild'

import { BuildError } from './build-error.ts'
import { hostFunctions, type HostFunction } from './host-functions.ts'

/** The guest modules lie beside this file, as sources here and compiled in the published package. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const guestFile = (name: string): string => fileURLToPath(new URL(`../${name}.${extension}`, import.meta.url))

/** What `bundle` takes. */
export interface BundleOptions {
  entry: string
  /** `probe`: a script that leaves the entry's exports in `globalThis.plugin`, its host functions failing. `guest`: an ES module for the engine. */
  target: 'probe' | 'guest'
  /** The interfaces that the module exports; taken from the default export if there is one. */
  interfaces: readonly string[]
  hasDefault: boolean
}

/** A bundle's text and what it needs. */
export interface Bundle {
  code: string
  /** The host functions that are left after unused code is dropped. */
  hostFunctions: HostFunction[]
  /** Every file that went in, by absolute path. */
  inputs: string[]
}

/** Strips the types and makes one module of the entry and what it imports. Throws `BuildError`. */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  if (!existsSync(options.entry)) {
    throw new BuildError('entry-not-found', `cannot read the entry ${options.entry}: there is no such file`)
  }
  try {
    const result = await build(esbuildOptions(options))
    const [output] = result.outputFiles ?? []
    const used = Object.keys(Object.values(result.metafile?.outputs ?? {})[0]?.inputs ?? {})
    return {
      code: output?.text ?? '',
      hostFunctions: hostFunctions.filter((name) => used.includes(`vane-host-function:${name}`)),
      inputs: realFiles(Object.keys(result.metafile?.inputs ?? {})),
    }
  } catch (error) {
    throw toBuildError(error)
  }
}

/** esbuild names files relative to the working directory, and virtual modules with a namespace. */
function realFiles(inputs: readonly string[]): string[] {
  return inputs.filter((name) => !name.startsWith('vane-host') && name !== stdinName).map((name) => resolvePath(name))
}

const stdinName = 'vane-entry.js'

function esbuildOptions({ entry, target, interfaces, hasDefault }: BundleOptions): BuildOptions {
  const shared: BuildOptions = {
    bundle: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    treeShaking: true,
    logLevel: 'silent',
    legalComments: 'none',
    inject: [guestFile('guest/globals')],
    plugins: [sdkModules, hostModules(target), noPlatformModules],
  }
  if (target === 'probe') return { ...shared, entryPoints: [entry], format: 'iife', globalName: 'plugin' }
  // Only the interfaces are exported: what else the entry exports is for its own tests.
  const contents = hasDefault
    ? `import plugin from ${JSON.stringify(entry)}\n${interfaces.map((name) => `export const ${name} = plugin.${name}`).join('\n')}`
    : `export { ${interfaces.join(', ')} } from ${JSON.stringify(entry)}`
  return { ...shared, stdin: { contents, resolveDir: process.cwd(), sourcefile: stdinName }, format: 'esm' }
}

/** A plugin is bundled with the guest modules of the SDK that builds it, wherever its folder lies. */
const sdkModules: Plugin = {
  name: 'vane-sdk-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^vane-plugin-sdk$/ }, () => ({ path: guestFile('index'), sideEffects: false }))
    onResolve({ filter: /^vane-plugin-sdk\/host$/ }, () => ({ path: guestFile('guest/host'), sideEffects: false }))
  },
}

// One virtual module per host function, so that dropping unused code drops unused imports, and the component does not ask for
// functions it never calls: a plugin that imports http-fetch costs more to call.
function hostModules(target: BundleOptions['target']): Plugin {
  return {
    name: 'vane-host-modules',
    setup({ onResolve, onLoad }) {
      const index = { path: 'vane:host', namespace: 'vane-host', sideEffects: false }
      onResolve({ filter: /^vane:host\/host(@0\.1\.\d+)?$/ }, (resolve) =>
        resolve.namespace === 'vane-host-function' ? { path: resolve.path, external: true } : index,
      )
      onResolve({ filter: /\/raw-host\.[jt]s$/ }, (resolve) =>
        resolve.importer === guestFile('guest/host') ? index : undefined,
      )
      onResolve({ filter: /.*/, namespace: 'vane-host' }, (resolve) => ({
        path: resolve.path,
        namespace: 'vane-host-function',
        sideEffects: false,
      }))
      onLoad({ filter: /.*/, namespace: 'vane-host' }, () => ({
        contents: hostFunctions.map((name) => `export { ${name} } from '${name}'`).join('\n'),
      }))
      onLoad({ filter: /.*/, namespace: 'vane-host-function' }, ({ path }) => ({
        contents:
          target === 'guest'
            ? `export { ${path} } from 'vane:host/host@0.1.0'`
            : `export function ${path}() { throw new Error('the host function ${path} cannot be called while the plugin is being loaded') }`,
      }))
    },
  }
}

/** A plugin has no platform: an import of Node's modules is an error that says so. */
const noPlatformModules: Plugin = {
  name: 'vane-no-platform-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({
      errors: [{ text: `a plugin cannot import "${path}": it runs without Node; use vane-plugin-sdk/host` }],
    }))
  },
}

function toBuildError(error: unknown): BuildError {
  const messages: Message[] =
    typeof error === 'object' && error !== null && 'errors' in error && Array.isArray(error.errors)
      ? (error.errors as Message[])
      : []
  const [first, ...others] = messages
  if (first === undefined) return new BuildError('syntax', String(error), { cause: error })
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  const { location } = first
  return new BuildError('syntax', `${first.text}${more}`, {
    // esbuild counts columns from 0.
    ...(location === null ? {} : { place: { file: location.file, line: location.line, column: location.column + 1 } }),
    cause: error,
  })
}
