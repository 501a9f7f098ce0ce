import { basename } from 'node:path'

import { toModuleId } from 'vane-core'

import { BinaryFormatError } from './binary-reader.ts'
import { checkExports } from './check-exports.ts'
import { checkImports } from './check-imports.ts'
import { parseComponentShape, type ComponentShape } from './component-shape.ts'
import { loadError } from './load-error.ts'
import type { ComponentPlan } from './loaded-component.ts'
import { whyNotComponent } from './preamble.ts'
import type { ComponentFile } from './read-component.ts'

/** What a component's own bytes tell about it. */
export interface Analysis {
  readonly plan: ComponentPlan
  /** Host functions that wait, for the transpiler: `INTERFACE#FUNCTION`. */
  readonly asyncImports: readonly string[]
  /** Exports that may call them. */
  readonly asyncExports: readonly string[]
}

/**
 * Checks everything that can be checked without running or rewriting the component.
 *
 * @throws VaneError of kind `compile`.
 */
export function analyze({ path, bytes }: ComponentFile): Analysis {
  const notComponent = whyNotComponent(bytes)
  if (notComponent !== undefined) throw loadError(path, notComponent)
  const shape = parseShape(path, bytes)
  const imports = checkImports(shape.imports)
  if (typeof imports === 'string') throw loadError(path, imports)
  const exports = checkExports(shape.exportedInstances)
  if (typeof exports === 'string') throw loadError(path, exports)
  const isAsync = imports.httpFetchFrom.length > 0
  return {
    plan: {
      moduleId: toModuleId(path),
      stem: basename(path, '.wasm'),
      registry: exports.registry,
      handlers: exports.handlers,
      wasi: imports.wasi,
      isAsync,
    },
    asyncImports: imports.httpFetchFrom.map((name) => `${name}#http-fetch`),
    asyncExports: isAsync ? Object.values(exports.handlers).map((name) => `${name}#handle`) : [],
  }
}

function parseShape(path: string, bytes: Uint8Array): ComponentShape {
  try {
    return parseComponentShape(bytes)
  } catch (error) {
    if (!(error instanceof BinaryFormatError)) throw error
    throw loadError(path, `malformed component: ${error.message}`, { cause: error })
  }
}
