import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  DIAGNOSTIC_CODES,
  type Diagnostic,
  type DiagnosticCode,
  type PluginMetadata,
  type SymbolicFlowGraph,
  type WasmRuntime,
} from 'vane-core'
import { validate } from '../src/compile/compile.ts'
import { loadSettings } from '../src/config/env.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { findUnsupported } from '../src/link/unsupported.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8')

/** What stands beside a code by its nature. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = { 'too-many-problems': ['wrong-type'] }

interface Block {
  /** A file of the configuration, `graph` for a graph, empty for commands. */
  readonly name: string
  readonly text: string
}

interface Section {
  readonly code: string
  readonly text: string
  readonly wrong: readonly Block[]
  readonly right: readonly Block[]
}

const SECTIONS: readonly Section[] = PAGE.split(/^### /m)
  .slice(1)
  .map((text) => {
    const [intro = '', wrong = '', right = ''] = text.split(/^(?:Wrong|Right):$/m)
    const code = intro.slice(0, intro.indexOf('\n'))
    return { code, text: intro, wrong: blocksOf(wrong), right: blocksOf(right) }
  })

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)\n```$/gms)].map((match) => ({
    name: match[2] ?? '',
    text: match[3]!,
  }))
}

let dir: string
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'vane-errors-')))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

/** Makes the configuration that an example describes, around one sound rule where it shows none. */
function makeConfig(blocks: readonly Block[]): void {
  const files = blocks.filter(({ name }) => name !== '')
  const sound = '{ "rules": [{ "name": "app", "listen": [":8080"], "terminate": { "type": "close" } }] }'
  const hasRules = files.some(({ name }) => name.startsWith('rules/'))
  for (const { name, text } of hasRules ? files : [...files, { name: 'rules/10-app.json', text: sound }]) {
    const path = join(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${text}\n`)
  }
  for (const { name, text } of blocks) {
    // The folder may be there for the sake of another file.
    const command = text.replace(/^mkdir wasm$/m, 'mkdir -p wasm')
    if (name === '') execFileSync('bash', ['-ec', command], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

const unused = (): never => {
  throw new Error('loading a configuration calls no plugin')
}

/** Takes any file for a plugin, but those that say they are none. */
const wasm: WasmRuntime = {
  loadComponent: (path): Promise<PluginMetadata> => {
    const text = readFileSync(path, 'utf8')
    if (text !== '') return Promise.reject(new Error(`${path}: ${text.trim()}`))
    const exported = {
      name: 'on-request',
      kind: 'l7-request',
      stateless: true,
      needsBody: false,
      inspects: [],
      needsStreamingBody: false,
    } as const
    return Promise.resolve({ name: 'geo', version: '1.0.0', abiVersion: '0.1.0', exports: [exported] })
  },
  prepareCallSite: unused,
  invokeL4Peek: unused,
  invokeL4Bytes: unused,
  invokeL7Request: unused,
  invokeL7Response: unused,
}

async function problemsOf(code: string, blocks: readonly Block[]): Promise<readonly Diagnostic[]> {
  const graph = blocks.find(({ name }) => name === 'graph')
  if (graph !== undefined) return validate(JSON.parse(graph.text) as SymbolicFlowGraph)
  makeConfig(blocks)
  const { settings, diagnostics } = await loadSettings(dir, {})
  const loaded = await loadConfig(dir, settings?.features === '-wasm' ? {} : { wasm })
  // Other examples may show what only later versions run.
  const missing = code === 'not-available' && loaded.graph !== undefined ? findUnsupported(loaded.graph) : []
  return [...diagnostics, ...loaded.diagnostics, ...missing]
}

test('the page has every code, once, in the order of the table, in its words', () => {
  const codes = Object.entries(DIAGNOSTIC_CODES)
  expect(SECTIONS.map(({ code }) => code)).toEqual(codes.map(([code]) => code))
  const rows = [...PAGE.matchAll(/^\| \[`([\w-]+)`\]\(#([\w-]+)\) \| (.*) \|$/gm)].map((match) => match.slice(1))
  expect(rows).toEqual(codes.map(([code, meaning]) => [code, code, meaning]))
  for (const { code, text } of SECTIONS) {
    const meaning = DIAGNOSTIC_CODES[code as DiagnosticCode].replace(/ \(warning\)$/, '')
    expect(text).toContain(`${meaning[0]!.toUpperCase()}${meaning.slice(1)}.`)
  }
})

test.each(SECTIONS)('the wrong example of $code gives that code, the right one none', async (section) => {
  const { code, text } = section
  const problems = await problemsOf(code, section.wrong)
  const codes = new Set(problems.map((problem) => problem.code))
  expect([...codes].toSorted()).toEqual([code, ...(COMPANIONS[code] ?? [])].toSorted())
  const isWarning = problems.every(({ severity }) => severity === 'warning')
  expect(isWarning).toBe(text.includes(' A warning. ') || text.includes(' A warning.\n'))

  rmSync(dir, { recursive: true })
  mkdirSync(dir)
  expect(await problemsOf(code, section.right)).toEqual([])
})

test('a problem of a file is shown with the place', async () => {
  const unplaced = new Set<string>()
  for (const { code, wrong } of SECTIONS) {
    if (existsSync(dir)) rmSync(dir, { recursive: true })
    mkdirSync(dir)
    for (const { span } of await problemsOf(code, wrong)) if (span === undefined) unplaced.add(code)
  }
  expect([...unplaced].toSorted()).toEqual([
    'invalid-graph',
    'missing-directory',
    'no-rules',
    'too-many-files',
    'unused-plugin',
  ])
})
