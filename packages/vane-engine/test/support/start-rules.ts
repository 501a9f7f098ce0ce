import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatDiagnostics, type SymbolicFlowGraph } from 'vane-core'
import type { EngineOptions } from 'vane-engine'
import { compile } from '../../src/compile/compile.ts'
import { type StartedEngine, startEngine } from './start-engine.ts'
import { closedPort } from './upstream.ts'

/** An engine that serves rules as an operator writes them, from a folder of its own. */
export interface StartedRules extends StartedEngine {
  readonly dir: string
  /** Compiles other rules for the same port. */
  compile(rules: readonly object[]): SymbolicFlowGraph
  /** Puts other rules in force, as a reload does. */
  reload(rules: readonly object[]): Promise<void>
}

/** Files of a configuration, by their names in it. */
export type ConfigFiles = Readonly<Record<string, string | Buffer>>

/** Writes the files and starts rules; where they do not say where they listen, that is one port of this machine. */
export async function startRules(
  rules: readonly object[],
  files: ConfigFiles,
  options: EngineOptions = {},
): Promise<StartedRules> {
  const dir = mkdtempSync(join(tmpdir(), 'vane-rules-'))
  writeFiles(dir, files)
  const port = await closedPort()
  const compileRules = (list: readonly object[]): SymbolicFlowGraph => compileOn(port, list)
  const started = await startEngine(compileRules(rules), { configDir: dir, ...options })
  return {
    ...started,
    dir,
    compile: compileRules,
    async reload(list) {
      await started.engine.swap(await started.engine.link(compileRules(list)))
    },
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Writes files of a configuration. */
export function writeFiles(dir: string, files: ConfigFiles): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), content)
  }
}

/** Compiles rules for one port. */
export function compileOn(port: number, rules: readonly object[]): SymbolicFlowGraph {
  const list = rules.map((rule, index) => ({ name: `r${index}`, listen: [`127.0.0.1:${port}`], ...rule }))
  const text = JSON.stringify({ rules: list }, null, 1)
  const { graph, diagnostics } = compile({ files: [{ path: 'rules/x.json', text }] })
  if (graph === undefined) throw new Error(formatDiagnostics(diagnostics, {}))
  return graph
}
