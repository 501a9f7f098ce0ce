/** How a module names another. */
export type ImportKind =
  /** `import`, `export … from`, `require` and `import x = require()`: loaded before or while the module runs. */
  | 'static'
  /** `import()`: loaded when control gets there. */
  | 'dynamic'
  /** `import type`, `export type … from`, `typeof import()`: erased by the compiler. */
  | 'type'
  /** `import.meta.resolve`, `require.resolve` and `new URL(…, import.meta.url)`: named, perhaps loaded by other means. */
  | 'reference'

/** One place where a module names another. */
export interface ImportUse {
  /** As written; undefined when it is computed. */
  readonly specifier: string | undefined
  readonly kind: ImportKind
  /** Imported names; `*` for all of them, empty for an import that is made for its effects or cannot be told. */
  readonly names: readonly string[]
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}
