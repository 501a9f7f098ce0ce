import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkBoundaries } from '../src/boundaries/check-boundaries.ts'
import { BOUNDARIES, type BoundaryTable } from '../src/boundaries/table.ts'
import { formatViolation } from '../src/boundaries/violation.ts'

/** A workspace in which every boundary is kept: each package with one module, `./compile` and `./config` with their own. */
function createSoundFiles(): Record<string, string> {
  const files: Record<string, string> = {
    'packages/vane-engine/src/compile/index.ts': `import 'vane-core'\n`,
    'packages/vane-engine/src/config/index.ts': `import 'node:fs/promises'\n`,
  }
  for (const rule of BOUNDARIES.packages) {
    const exports: Record<string, unknown> = { '.': { 'vane-source': './src/index.ts' } }
    if (rule.name === 'vane-engine') {
      exports['./compile'] = { 'vane-source': './src/compile/index.ts' }
      exports['./config'] = { 'vane-source': './src/config/index.ts' }
    }
    files[`${rule.folder}/package.json`] = JSON.stringify({ name: rule.name, exports }, null, 2)
    files[`${rule.folder}/src/index.ts`] = 'export const answer = 42\n'
  }
  files['tooling/fixtures/package.json'] = JSON.stringify({ name: 'vane-fixtures', exports: { '.': './src/index.ts' } })
  return files
}

/** The repository's own table, but content with the few modules of a made-up workspace. */
export const SMALL_TABLE: BoundaryTable = {
  ...BOUNDARIES,
  packages: BOUNDARIES.packages.map((rule) => ({ ...rule, minimumModules: 1 })),
  closures: BOUNDARIES.closures.map((rule) => ({ ...rule, minimumModules: 1 })),
}

/** Writes a sound workspace with these files added or replaced, checks it and removes it. */
export function checkWorkspaceWith(files: Record<string, string>, table: BoundaryTable = SMALL_TABLE): string[] {
  const root = mkdtempSync(join(tmpdir(), 'vane-boundaries-'))
  try {
    for (const [path, text] of Object.entries({ ...createSoundFiles(), ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return checkBoundaries(root, table).violations.map(formatViolation)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
