import type { ComponentCache, CacheEntry } from './cache.ts'
import { toCacheKey } from './cache-key.ts'
import type { Analysis } from './analyze.ts'
import { BinaryFormatError } from './binary-reader.ts'
import { hasPlainCanonicalFunctions } from './canonical-functions.ts'
import { whyUnsafeCoreName } from './check-core-names.ts'
import { listCoreSections } from './core-module.ts'
import { hasOnlyPlainState } from './core-state.ts'
import { exposeState } from './expose-state.ts'
import { rewriteGlue } from './glue.ts'
import { loadError } from './load-error.ts'
import type { TranspiledComponent } from './loaded-component.ts'
import type { ComponentFile } from './read-component.ts'
import { TranspileError, type Transpiler } from './transpile.ts'

/** What building a component uses. */
export interface BuildTools {
  readonly transpiler: Transpiler
  readonly cache: ComponentCache
}

/**
 * Turns an analyzed component into compiled core modules and glue: from the cache, or by transpiling.
 *
 * @throws VaneError of kind `compile`.
 */
export async function build(
  file: ComponentFile,
  analysis: Analysis,
  { transpiler, cache }: BuildTools,
): Promise<TranspiledComponent> {
  const key = toCacheKey(file.bytes, analysis)
  const cached = await cache.read(key)
  if (cached !== undefined) return await compile(file.path, cached)
  const entry = await transpile(file, analysis, transpiler)
  const compiled = await compile(file.path, entry)
  await cache.write(key, entry)
  return compiled
}

async function transpile(file: ComponentFile, analysis: Analysis, transpiler: Transpiler): Promise<CacheEntry> {
  const { asyncImports, asyncExports } = analysis
  try {
    const { glueSource, coreModules } = await transpiler.transpile({ bytes: file.bytes, asyncImports, asyncExports })
    const glueScript = rewriteGlue(glueSource)
    if (glueScript === undefined) throw new TranspileError('the transpiler emitted something unexpected')
    return { glueScript, ...exposeAll(file.bytes, coreModules) }
  } catch (error) {
    if (!(error instanceof TranspileError)) throw error
    throw loadError(file.path, `the component cannot be transpiled: ${error.message}`, { cause: error })
  }
}

/** Opens the state of the core modules to the host, so that instances can be used again; where it lies too deep, nothing changes. */
function exposeAll(component: Uint8Array, coreModules: CacheEntry['coreModules']): Omit<CacheEntry, 'glueScript'> {
  try {
    const isPlain =
      hasPlainCanonicalFunctions(component) &&
      coreModules.every(([, bytes]) => hasOnlyPlainState(bytes, listCoreSections(bytes)))
    if (isPlain) return { coreModules: coreModules.map(([name, bytes]) => [name, exposeState(bytes)]), canReset: true }
  } catch (error) {
    // Something newer than our reader: instances of it are used once.
    if (!(error instanceof BinaryFormatError)) throw error
  }
  return { coreModules, canReset: false }
}

async function compile(path: string, { glueScript, coreModules, canReset }: CacheEntry): Promise<TranspiledComponent> {
  let modules: Record<string, WebAssembly.Module>
  try {
    const compiled = coreModules.map(async ([name, bytes]) => [name, await WebAssembly.compile(bytes)] as const)
    modules = Object.fromEntries(await Promise.all(compiled))
  } catch (error) {
    throw loadError(path, `a core module does not compile: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  const unsafe = whyUnsafeCoreName(Object.values(modules))
  if (unsafe !== undefined) throw loadError(path, unsafe)
  return { glueScript, modules, canReset }
}
