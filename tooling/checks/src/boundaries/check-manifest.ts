import { packageNameOf } from './check-imports.ts'
import type { PackageRule } from './table.ts'
import type { Violation } from './violation.ts'
import type { WorkspacePackage } from './workspace.ts'

type Field = 'dependencies' | 'optionalDependencies' | 'peerDependencies' | 'devDependencies'

/**
 * Holds a package.json's dependencies on other workspace packages against its row.
 *
 * @param text the package.json, for line numbers
 */
export function checkManifest(
  { manifest, folder }: WorkspacePackage,
  rule: PackageRule,
  context: { text: string; workspace: ReadonlyMap<string, WorkspacePackage> },
): Violation[] {
  const needed = new Set(rule.mayImport.map(packageNameOf))
  const optional = new Set(rule.mayImportLazily)
  const forTests = new Set([...needed, ...optional, ...rule.testsMayImport])
  const allowed: Record<Field, ReadonlySet<string>> = {
    dependencies: needed,
    peerDependencies: needed,
    optionalDependencies: optional,
    devDependencies: forTests,
  }

  const violations: Violation[] = []
  for (const field of Object.keys(allowed) as Field[]) {
    for (const [name, range] of Object.entries(manifest[field] ?? {})) {
      if (!context.workspace.has(name)) continue
      const report = (message: string): void => {
        violations.push({
          file: `${folder}/package.json`,
          ...findKey(context.text, field, name),
          message,
          why: rule.why,
        })
      }
      if (!allowed[field].has(name)) report(judge(rule, field, name))
      if (!range.startsWith('workspace:'))
        report(`${name} is a package of this workspace; write workspace:* instead of ${range}`)
    }
  }
  return violations
}

function judge(rule: PackageRule, field: Field, name: string): string {
  if (rule.mayImportLazily.includes(name))
    return `${rule.name} may have ${name} only in optionalDependencies, not in ${field}`
  if (rule.testsMayImport.includes(name))
    return `${rule.name} may have ${name} only in devDependencies, not in ${field}`
  return `${rule.name} may not have ${name} in ${field}`
}

/** A package.json names a dependency once per field, so searching for both names in turn finds the line. */
function findKey(text: string, field: Field, name: string): { line: number; column: number } {
  const at = text.indexOf(`"${name}"`, text.indexOf(`"${field}"`))
  const before = text.slice(0, Math.max(at, 0))
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: before.length - lineStart + 1 }
}
