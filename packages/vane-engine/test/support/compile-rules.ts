import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SymbolicFlowGraph } from 'vane-core'
import { loadConfig } from 'vane-engine'
import { expect, onTestFinished } from 'vitest'

/** Compiles rules and presets as a configuration directory would have them; none of them may have a mistake. */
export async function compileRules(rules: readonly object[]): Promise<SymbolicFlowGraph> {
  const dir = mkdtempSync(join(tmpdir(), 'vane-engine-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'rules'))
  writeFileSync(join(dir, 'rules', 'test.json'), JSON.stringify({ rules }))
  const { graph, diagnostics } = await loadConfig(dir)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return graph!
}
