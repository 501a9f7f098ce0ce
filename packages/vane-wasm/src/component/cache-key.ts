import { createHash } from 'node:crypto'

/** Package and version of the transpiler; equal to the pinned dependency, which a test checks. */
export const TRANSPILER = '@bytecodealliance/jco-transpile@0.15.0'

/** To be raised with every change to what is done to the transpiler's output. */
const BUILD_REVISION = 1

/** What of a component's surroundings goes into its key besides its bytes. */
export interface CacheKeyInput {
  readonly asyncImports: readonly string[]
  readonly asyncExports: readonly string[]
}

/** Name of a component's cache entry: changes with everything that the entry's content depends on. */
export function toCacheKey(bytes: Uint8Array, input: CacheKeyInput): string {
  const surroundings = JSON.stringify([
    TRANSPILER,
    BUILD_REVISION,
    process.versions.v8,
    input.asyncImports,
    input.asyncExports,
  ])
  return createHash('sha256').update(surroundings).update('\0').update(bytes).digest('hex')
}
