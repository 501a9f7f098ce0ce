import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkClosure } from './check-closure.ts'
import { checkImports } from './check-imports.ts'
import { checkManifest } from './check-manifest.ts'
import { readImports, UnparsedModuleError } from './read-imports.ts'
import type { BoundaryTable, PackageRule } from './table.ts'
import type { Violation } from './violation.ts'
import { findPackages, listModules, type WorkspacePackage } from './workspace.ts'

/** What a run found, and what it looked at: a check that saw nothing has proved nothing. */
export interface BoundaryReport {
  readonly violations: readonly Violation[]
  /** Package name, or package and subpath for an entry point → modules parsed. */
  readonly moduleCounts: ReadonlyMap<string, number>
}

/** Holds the workspace at `root` against the table. */
export function checkBoundaries(root: string, table: BoundaryTable): BoundaryReport {
  const shipped = findPackages(root, table.shippedFolders)
  const workspace = new Map(
    [...shipped, ...findPackages(root, ['tooling', 'examples'])].map((found) => [found.name, found]),
  )
  const moduleCounts = new Map<string, number>()
  const violations: Violation[] = []

  for (const found of shipped) {
    if (table.packages.some((rule) => rule.name === found.name && rule.folder === found.folder)) continue
    const message = `${found.name} has no row in the table of who may import whom`
    violations.push({
      file: `${found.folder}/package.json`,
      line: 1,
      column: 1,
      message,
      why: 'a package without a row is not checked',
    })
  }
  for (const rule of table.packages) {
    const result = checkPackage(root, rule, workspace)
    violations.push(
      ...result.violations,
      ...judgeCount(`${rule.folder}/package.json`, result.moduleCount, rule.minimumModules),
    )
    moduleCounts.set(rule.name, result.moduleCount)
  }
  for (const rule of table.closures) {
    const result = checkClosure(root, rule, workspace)
    const folder = workspace.get(rule.package)?.folder ?? rule.package
    violations.push(
      ...result.violations,
      ...judgeCount(`${folder}/package.json`, result.moduleCount, rule.minimumModules),
    )
    moduleCounts.set(`${rule.package}${rule.subpath.slice(1)} and all behind it`, result.moduleCount)
  }
  return { violations, moduleCounts }
}

function checkPackage(
  root: string,
  rule: PackageRule,
  workspace: ReadonlyMap<string, WorkspacePackage>,
): { violations: Violation[]; moduleCount: number } {
  const found = workspace.get(rule.name)
  if (found === undefined || found.folder !== rule.folder) {
    const message = `${rule.name} is in the table but not in ${rule.folder}`
    return {
      violations: [{ file: `${rule.folder}/package.json`, line: 1, column: 1, message, why: rule.why }],
      moduleCount: 0,
    }
  }
  const text = readFileSync(join(root, found.folder, 'package.json'), 'utf8')
  const violations = checkManifest(found, rule, { text, workspace })
  const modules = listModules(join(root, rule.folder)).filter(
    (module) => !rule.otherLanguages.some((folder) => module.startsWith(folder)),
  )
  for (const module of modules) {
    const file = join(root, rule.folder, module)
    try {
      violations.push(...checkImports({ module, uses: readImports(file, readFileSync(file, 'utf8')), rule, workspace }))
    } catch (error) {
      if (!(error instanceof UnparsedModuleError)) throw error
      const why = 'nothing can be said about the imports of a file that does not parse'
      violations.push({ file: `${rule.folder}/${module}`, line: 1, column: 1, message: error.message, why })
    }
  }
  return { violations, moduleCount: modules.length }
}

function judgeCount(file: string, seen: number, minimum: number): Violation[] {
  if (seen >= minimum) return []
  const message = `saw ${seen} modules where at least ${minimum} are expected`
  return [{ file, line: 1, column: 1, message, why: 'a check that sees no modules passes on everything' }]
}
