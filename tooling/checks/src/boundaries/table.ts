import { PACKAGE_RULES } from './package-rules.ts'
import { CLOSURE_RULES } from './closure-rules.ts'

/** A built-in module that a package may use although its other built-ins are banned. */
export interface BuiltinException {
  /** With the `node:` prefix. */
  readonly module: string
  /** Only these files of the package may import it, as paths from the package folder; absent: all may. */
  readonly files?: readonly string[]
  /** Only these names may be imported from it; absent: all. */
  readonly names?: readonly string[]
}

/** What one package may import. Everything that is not said here is banned. */
export interface PackageRule {
  readonly name: string
  /** From the workspace root. */
  readonly folder: string
  /** Workspace packages: a bare name allows its subpaths too, a name with a subpath allows just that. */
  readonly mayImport: readonly string[]
  /** Workspace packages that may be absent at run time: only `import()` and erased types may name them. */
  readonly mayImportLazily: readonly string[]
  /** Workspace packages that files which are not shipped (tests, build scripts) may import as well. */
  readonly testsMayImport: readonly string[]
  /** Built-in modules for shipped files: all of them, or these. */
  readonly builtins: 'any' | readonly BuiltinException[]
  /** Files that import a module whose name is computed, each with the reason why no literal will do. */
  readonly computedImports: Readonly<Record<string, string>>
  /** Folders, ending in `/`, with `.ts` files that are not TypeScript (AssemblyScript shares the ending). */
  readonly otherLanguages: readonly string[]
  /** Fewer parsed modules than this and the check itself is taken to be broken. */
  readonly minimumModules: number
  /** Printed with every violation. */
  readonly why: string
}

/** One import of something banned that does no harm. */
export interface ClosureException {
  /** From the workspace root. */
  readonly file: string
  readonly module: string
  readonly because: string
}

/** What no module may reach that is loaded, directly or not, by importing one entry point. */
export interface ClosureRule {
  /** The package that holds the entry point. */
  readonly package: string
  /** Key in the package's `exports`. */
  readonly subpath: string
  /** Built-in modules with the `node:` prefix. */
  readonly bannedBuiltins: readonly string[]
  /** Packages, of the workspace or not. */
  readonly bannedPackages: readonly string[]
  /** Imports that are let through all the same. */
  readonly exceptions: readonly ClosureException[]
  readonly minimumModules: number
  readonly why: string
}

/** Who may import whom, for the whole workspace. */
export interface BoundaryTable {
  readonly packages: readonly PackageRule[]
  readonly closures: readonly ClosureRule[]
  /** Folders whose packages must each have a row. */
  readonly shippedFolders: readonly string[]
}

/** The table this repository is held to. */
export const BOUNDARIES: BoundaryTable = {
  packages: PACKAGE_RULES,
  closures: CLOSURE_RULES,
  shippedFolders: ['packages', 'apps'],
}
