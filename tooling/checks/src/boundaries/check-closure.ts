import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { ResolverFactory } from 'oxc-resolver'
import { packageNameOf } from './check-imports.ts'
import type { ImportUse } from './import-use.ts'
import { readImports } from './read-imports.ts'
import type { ClosureRule } from './table.ts'
import type { Violation } from './violation.ts'
import type { WorkspacePackage } from './workspace.ts'

/** Where a walk has been. */
export interface ClosureResult {
  readonly violations: Violation[]
  /** Modules that importing the entry point loads, built-ins not counted. */
  readonly moduleCount: number
}

interface Step {
  readonly file: string
  readonly cameFrom: Step | undefined
}

/**
 * Follows every import that survives compilation from one entry point, through workspace packages and installed ones, and
 * reports each way to something banned.
 *
 * @param root workspace root, absolute
 */
export function checkClosure(
  root: string,
  rule: ClosureRule,
  workspace: ReadonlyMap<string, WorkspacePackage>,
): ClosureResult {
  const entry = findEntry(root, rule, workspace)
  if (entry === undefined) {
    const why = `${rule.package} is listed in the table with the entry point ${rule.subpath}`
    const message = `has no ${rule.subpath} in exports with a vane-source file that exists`
    const folder = workspace.get(rule.package)?.folder ?? rule.package
    return { violations: [{ file: `${folder}/package.json`, line: 1, column: 1, message, why }], moduleCount: 0 }
  }

  const resolver = new ResolverFactory({
    conditionNames: ['vane-source', 'node', 'import', 'default'],
    builtinModules: true,
    // pnpm's shims set NODE_PATH, which would find packages that the importing one does not depend on.
    nodePath: false,
  })
  const realRoot = realpathSync(root)
  const violations: Violation[] = []
  const seen = new Set<string>([entry])
  const queue: Step[] = [{ file: entry, cameFrom: undefined }]

  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    for (const use of readImports(step.file, readFileSync(step.file, 'utf8'))) {
      const { specifier } = use
      if (use.kind === 'type' || specifier === undefined) continue
      const banned = findBan(rule, specifier)
      const place = toRelative(realRoot, step.file)
      if (banned !== undefined && !isExcepted(rule, place, banned))
        violations.push(toViolation(rule, { step, use, banned, root: realRoot }))
      if (isBuiltin(specifier) || banned !== undefined) continue
      const next = resolveWorkspace(root, workspace, specifier) ?? resolve(resolver, step.file, specifier)
      if (next === undefined || seen.has(next) || !/\.[cm]?[jt]s$/.test(next)) continue
      seen.add(next)
      queue.push({ file: next, cameFrom: step })
    }
  }
  return { violations, moduleCount: seen.size }
}

function findBan(rule: ClosureRule, specifier: string): string | undefined {
  if (isBuiltin(specifier)) {
    const name = specifier.startsWith('node:') ? specifier : `node:${specifier}`
    return rule.bannedBuiltins.includes(name) ? name : undefined
  }
  const name = packageNameOf(specifier)
  return rule.bannedPackages.includes(name) ? name : undefined
}

function isExcepted(rule: ClosureRule, file: string, module: string): boolean {
  return rule.exceptions.some((exception) => exception.file === file && exception.module === module)
}

/** An installed package's optional import that is not there loads nothing, so an unresolved one is passed over. */
function resolve(resolver: ResolverFactory, file: string, specifier: string): string | undefined {
  const { path } = resolver.sync(dirname(file), specifier)
  return path === undefined ? undefined : realpathSync(path)
}

function resolveWorkspace(
  root: string,
  workspace: ReadonlyMap<string, WorkspacePackage>,
  specifier: string,
): string | undefined {
  const found = workspace.get(packageNameOf(specifier))
  return found && findSource(root, found, `.${specifier.slice(found.name.length)}`)
}

function findEntry(
  root: string,
  rule: ClosureRule,
  workspace: ReadonlyMap<string, WorkspacePackage>,
): string | undefined {
  const found = workspace.get(rule.package)
  return found && findSource(root, found, rule.subpath)
}

function findSource(root: string, { folder, manifest }: WorkspacePackage, subpath: string): string | undefined {
  const { exports } = manifest as { exports?: Record<string, Record<string, unknown> | string> }
  const target = exports?.[subpath]
  const source = typeof target === 'object' ? target['vane-source'] : undefined
  if (typeof source !== 'string') return undefined
  const path = join(root, folder, source)
  return existsSync(path) ? realpathSync(path) : undefined
}

function toViolation(
  rule: ClosureRule,
  found: { step: Step; use: ImportUse; banned: string; root: string },
): Violation {
  const way = [found.banned]
  for (let step: Step | undefined = found.step; step !== undefined; step = step.cameFrom)
    way.unshift(toRelative(found.root, step.file))
  return {
    file: way.at(-2) ?? '',
    line: found.use.line,
    column: found.use.column,
    message: `${rule.package}${rule.subpath.slice(1)} reaches ${found.banned}: ${way.join(' → ')}`,
    why: rule.why,
  }
}

function toRelative(root: string, file: string): string {
  return relative(root, file).split(sep).join('/')
}
