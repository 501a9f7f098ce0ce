import { mkdtempSync, rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { toModuleId, type L7RequestInput, type Logger, type ModuleId, type PluginCallSite } from 'vane-core'
import { watPlugin, type WatPluginSpec } from 'vane-fixtures'
import { afterAll, onTestFinished } from 'vitest'

import { createWasmRuntime, type VaneWasmRuntime, type WasmRuntimeOptions } from '../src/index.ts'

/** A request that nothing is special about. */
export const REQUEST: L7RequestInput = { method: 'GET', uri: '/', headers: [], context: [] }

/** A logged line: level, message and fields. */
export interface LogLine {
  level: string
  message: string
  fields: Record<string, unknown>
}

/** A logger that remembers. */
export function recordingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = []
  const write =
    (level: string) =>
    (fields: object | string, message?: string): void => {
      if (typeof fields === 'string') lines.push({ level, message: fields, fields: {} })
      else lines.push({ level, message: message ?? '', fields: { ...fields } })
    }
  const logger: Logger = {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => logger,
  }
  return { logger, lines }
}

/** A folder that is gone when the test is over. */
export async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vane-wasm-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Writes a component to `<dir>/<stem>.wasm`. */
export async function writeComponent(bytes: Uint8Array, stem = 'plugin'): Promise<ModuleId> {
  const path = join(await temporaryDir(), `${stem}.wasm`)
  await writeFile(path, bytes)
  return toModuleId(path)
}

// One for all tests of a file, so that a plugin that many of them use is transpiled once.
const sharedStateDir = mkdtempSync(join(tmpdir(), 'vane-wasm-state-'))
afterAll(() => rmSync(sharedStateDir, { recursive: true, force: true }))

/** A runtime that is closed when the test is over; with the file's own cache, unless it is told where to have one. */
export function openRuntime(options: WasmRuntimeOptions = {}): VaneWasmRuntime {
  const runtime = createWasmRuntime({ stateDir: sharedStateDir, ...options })
  onTestFinished(() => runtime.close())
  return runtime
}

/** A runtime with one plugin loaded. */
export async function loadPlugin(
  spec: WatPluginSpec | Uint8Array,
  options: WasmRuntimeOptions = {},
): Promise<{ runtime: VaneWasmRuntime; module: ModuleId }> {
  const module = await writeComponent(spec instanceof Uint8Array ? spec : await watPlugin(spec))
  const runtime = openRuntime(options)
  await runtime.loadComponent(module)
  return { runtime, module }
}

/** The first export of a plugin, ready to be called. */
export async function openSite(
  spec: WatPluginSpec,
  { argsJson = '{}', ...options }: WasmRuntimeOptions & { argsJson?: string } = {},
): Promise<{ runtime: VaneWasmRuntime; module: ModuleId; site: PluginCallSite }> {
  const { runtime, module } = await loadPlugin(spec, options)
  const site = await runtime.prepareCallSite(module, spec.metadata.exports[0]?.name ?? '', argsJson)
  return { runtime, module, site }
}

/** The body of a `short` decision as text. */
export async function bodyOf(decision: ReturnType<PluginCallSite['l7Request']>): Promise<string> {
  const { tag, val } = { val: undefined, ...(await decision) }
  if (tag !== 'short' || val === undefined) throw new Error(`the decision is ${tag}, not short`)
  return Buffer.from(val.body).toString()
}

/** Waits until something holds; fails after five seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 20_000
  while (!holds()) {
    if (Date.now() > deadlineMs) throw new Error(`not within 5 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
