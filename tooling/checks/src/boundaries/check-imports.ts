import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import type { ImportUse } from './import-use.ts'
import type { PackageRule } from './table.ts'
import type { Violation } from './violation.ts'
import { isShipped, topFolderOf, type WorkspacePackage } from './workspace.ts'

/** One parsed module and its surroundings. */
export interface ModuleToCheck {
  /** From the package folder. */
  readonly module: string
  readonly uses: readonly ImportUse[]
  readonly rule: PackageRule
  /** Every package of the workspace by name, tooling included. */
  readonly workspace: ReadonlyMap<string, WorkspacePackage>
}

/** Holds one module's imports against its package's row. */
export function checkImports(target: ModuleToCheck): Violation[] {
  return target.uses.flatMap((use) => {
    const message =
      use.specifier === undefined ? judgeComputed(target, use) : judgeSpecifier(target, use, use.specifier)
    if (message === undefined) return []
    const { rule, module } = target
    return [{ file: `${rule.folder}/${module}`, line: use.line, column: use.column, message, why: rule.why }]
  })
}

function judgeComputed({ rule, module }: ModuleToCheck, use: ImportUse): string | undefined {
  if (!isShipped(module) || use.kind === 'reference' || rule.computedImports[module] !== undefined) return undefined
  return 'imports a module whose name is computed, so nobody can tell which; write a literal, or give the file a row with its reason in the table'
}

function judgeSpecifier(target: ModuleToCheck, use: ImportUse, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return judgeRelative(target, use, specifier)
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return `imports ${specifier} by its absolute path`
  if (isBuiltin(specifier)) return judgeBuiltin(target, use, specifier)
  return judgePackage(target, use, specifier)
}

/** Tests and scripts may read other folders' files (`reference`), but code of another package comes in by its name. */
function judgeRelative({ rule, module }: ModuleToCheck, use: ImportUse, specifier: string): string | undefined {
  const path = posix.join(posix.dirname(module), specifier)
  if (!path.startsWith('../')) {
    if (!isShipped(module) || use.kind === 'reference' || path.endsWith('package.json')) return undefined
    // Each folder is built by itself: what leads from one into another points at nothing once it is.
    if (topFolderOf(path) !== topFolderOf(module))
      return `imports ${specifier}, which is not published with ${rule.name}, or not in the same folder`
    return undefined
  }
  const landing = posix.join(rule.folder, path)
  if (!isShipped(module) && (use.kind === 'reference' || landing === 'vitest.base.ts')) return undefined
  return `${specifier} leaves the package; import the other package by its name`
}

function judgeBuiltin({ rule, module }: ModuleToCheck, use: ImportUse, specifier: string): string | undefined {
  if (!specifier.startsWith('node:')) return `imports the built-in ${specifier} without its node: prefix`
  if (rule.builtins === 'any' || !isShipped(module) || use.kind === 'type') return undefined
  const exception = rule.builtins.find((candidate) => candidate.module === specifier)
  if (exception === undefined) return `${rule.name} may not import ${specifier}`
  if (exception.files !== undefined && !exception.files.includes(module))
    return `only ${exception.files.join(', ')} of ${rule.name} may import ${specifier}`
  const refused = use.names.find((name) => exception.names !== undefined && !exception.names.includes(name))
  if (refused === undefined) return undefined
  const allowed = exception.names?.join(', ') ?? ''
  return refused === '*'
    ? `${rule.name} may not import all of ${specifier}, only the names ${allowed}`
    : `${rule.name} may not import ${refused} from ${specifier}, only ${allowed}`
}

function judgePackage(
  { rule, module, workspace }: ModuleToCheck,
  use: ImportUse,
  specifier: string,
): string | undefined {
  const name = packageNameOf(specifier)
  const found = workspace.get(name)
  if (found === undefined) return undefined
  if (!isExported(found, specifier)) return `${specifier} is not exported by ${name}`
  if (name === rule.name) return undefined

  const allowed = isShipped(module)
    ? rule.mayImport
    : [...rule.mayImport, ...rule.mayImportLazily, ...rule.testsMayImport]
  if (allowed.includes(name) || allowed.includes(specifier)) return undefined
  const subpaths = allowed.filter((candidate) => candidate.startsWith(`${name}/`))
  if (subpaths.length > 0) return `${rule.name} may import only ${subpaths.join(', ')} of ${name}, not ${specifier}`
  if (rule.mayImportLazily.includes(name)) {
    if (use.kind !== 'static') return undefined
    return `${rule.name} may name ${name} only in import() and in types, not in a static import`
  }
  if (isShipped(module) && rule.testsMayImport.includes(name)) return `only tests of ${rule.name} may import ${name}`
  return `${rule.name} may not import ${specifier}${use.kind === 'type' ? ', types included' : ''}`
}

/** Gives the package part of a bare specifier: `a/b` → `a`, `@s/a/b` → `@s/a`. */
export function packageNameOf(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

function isExported({ name, manifest }: WorkspacePackage, specifier: string): boolean {
  const { exports } = manifest
  if (typeof exports !== 'object' || exports === null) return specifier === name
  const subpath = `.${specifier.slice(name.length)}`
  return Object.keys(exports).some((key) => {
    const star = key.indexOf('*')
    return star === -1
      ? key === subpath
      : subpath.startsWith(key.slice(0, star)) && subpath.endsWith(key.slice(star + 1))
  })
}
