import { parseSync, Visitor, type Argument, type CallExpression, type Expression, type NewExpression } from 'oxc-parser'
import type { ImportKind, ImportUse } from './import-use.ts'

/** A module that could not be parsed: nothing can be said about its imports, so the check has to fail. */
export class UnparsedModuleError extends Error {
  override readonly name = 'UnparsedModuleError'
}

/**
 * Finds every place where a module names another, whatever the syntax.
 *
 * @param file path, whose ending decides between JavaScript and TypeScript
 * @throws UnparsedModuleError
 */
export function readImports(file: string, text: string): ImportUse[] {
  const parsed = parseSync(file, text, { sourceType: file.endsWith('.cjs') ? 'commonjs' : 'unambiguous' })
  const [failure] = parsed.errors
  if (failure !== undefined) throw new UnparsedModuleError(`cannot be parsed: ${failure.message}`)

  const uses: ImportUse[] = []
  const lineStarts = findLineStarts(text)
  const add = (node: { start: number }, use: Omit<ImportUse, 'line' | 'column'>): void => {
    uses.push({ ...use, ...positionOf(lineStarts, node.start) })
  }
  const addCall = (node: CallExpression | NewExpression, kind: ImportKind): void =>
    add(node, { specifier: literalText(node.arguments[0]), kind, names: kind === 'static' ? ['*'] : [] })

  new Visitor({
    ImportDeclaration(node) {
      const names = node.specifiers.map((specifier) =>
        specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : '*',
      )
      add(node, { specifier: node.source.value, kind: kindOf(node.importKind), names })
    },
    ExportNamedDeclaration(node) {
      if (node.source === null) return
      const names = node.specifiers.map((specifier) => nameOf(specifier.local))
      add(node, { specifier: node.source.value, kind: kindOf(node.exportKind), names })
    },
    ExportAllDeclaration(node) {
      add(node, { specifier: node.source.value, kind: kindOf(node.exportKind), names: ['*'] })
    },
    ImportExpression(node) {
      add(node, { specifier: literalText(node.source), kind: 'dynamic', names: ['*'] })
    },
    TSImportType(node) {
      add(node, { specifier: node.source.value, kind: 'type', names: [] })
    },
    TSImportEqualsDeclaration(node) {
      if (node.moduleReference.type !== 'TSExternalModuleReference') return
      const specifier = node.moduleReference.expression.value
      add(node, { specifier, kind: kindOf(node.importKind), names: ['*'] })
    },
    CallExpression(node) {
      if (isRequire(node.callee)) addCall(node, 'static')
      else if (isResolve(node.callee)) addCall(node, 'reference')
    },
    NewExpression(node) {
      const [, base] = node.arguments
      if (isIdentifier(node.callee, 'URL') && base !== undefined && isImportMeta(base, 'url'))
        addCall(node, 'reference')
    },
  }).visit(parsed.program)
  return uses
}

function kindOf(syntax: 'type' | 'value' | null | undefined): ImportKind {
  return syntax === 'type' ? 'type' : 'static'
}

/** `require(…)`, `process.getBuiltinModule(…)`, and `createRequire(…)(…)` without a variable between. */
function isRequire(callee: Expression): boolean {
  if (isIdentifier(callee, 'require')) return true
  if (callee.type === 'CallExpression') return isIdentifier(callee.callee, 'createRequire')
  return callee.type === 'MemberExpression' && memberName(callee) === 'getBuiltinModule'
}

function isResolve(callee: Expression): boolean {
  if (callee.type !== 'MemberExpression' || memberName(callee) !== 'resolve') return false
  return isIdentifier(callee.object, 'require') || callee.object.type === 'MetaProperty'
}

function isImportMeta(node: Argument, property: string): boolean {
  return node.type === 'MemberExpression' && node.object.type === 'MetaProperty' && memberName(node) === property
}

function isIdentifier(node: Argument, name: string): boolean {
  return node.type === 'Identifier' && node.name === name
}

function memberName(node: Extract<Expression, { type: 'MemberExpression' }>): string | undefined {
  return !node.computed && node.property.type === 'Identifier' ? node.property.name : undefined
}

/** A string, or a template without holes; undefined for anything that is computed. */
function literalText(node: Argument | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined
  return undefined
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.name ?? String(node.value)
}

function findLineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function positionOf(lineStarts: readonly number[], offset: number): { line: number; column: number } {
  const next = lineStarts.findIndex((start) => start > offset)
  const line = next === -1 ? lineStarts.length : next
  return { line, column: offset - (lineStarts[line - 1] ?? 0) + 1 }
}
