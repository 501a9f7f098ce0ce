import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { Declaration, ExternDescription } from '../parse/component-binary.ts'
import type { PlanBudget } from './plan-budget.ts'
import { resolveType, type TypeEntry } from './resolve-types.ts'
import { Scope, type InstanceEntry, type Item } from './scope.ts'

/** Makes the instance that an imported interface's type declares, with the host's functions and resources in it. */
export function declareInstance(
  declared: Extract<TypeEntry, { kind: 'instance' }>,
  interfaceName: string,
  budget: PlanBudget,
): InstanceEntry {
  const scope = new Scope(declared.scope)
  const exports = new Map<string, Item>()
  for (const declaration of declared.declarations) {
    budget.spend(1)
    declare(declaration, { scope, exports, interfaceName, budget })
  }
  return { exports }
}

interface Into {
  readonly scope: Scope
  readonly exports: Map<string, Item>
  readonly interfaceName: string
  readonly budget: PlanBudget
}

function declare(declaration: Declaration, into: Into): void {
  const { scope, exports } = into
  switch (declaration.kind) {
    case 'type':
      return scope.types.add(resolveType(declaration.type, scope))
    case 'alias-outer':
      return scope.add(scope.outer(declaration.count).item(declaration.sort, declaration.index))
    case 'alias-export': {
      const item = scope.instances.at(declaration.instance).exports.get(declaration.name)
      if (item === undefined) throw new BinaryFormatError('an instance type names an export that is not there')
      return scope.add(item)
    }
    case 'export': {
      const item = toItem(declaration.name, declaration.description, into)
      exports.set(declaration.name, item)
      return scope.add(item)
    }
    case 'import':
      throw new BinaryFormatError('an instance type that imports')
  }
}

function toItem(name: string, description: ExternDescription, { scope, interfaceName, budget }: Into): Item {
  switch (description.sort) {
    case 'func': {
      const type = scope.functionType(description.type)
      return { sort: 'func', func: { kind: 'host', interface: interfaceName, name, type } }
    }
    case 'type':
      if (description.equals !== undefined) return { sort: 'type', type: scope.types.at(description.equals) }
      return { sort: 'type', type: { kind: 'resource', resource: { id: budget.newResource(), owner: undefined } } }
    default:
      throw new UnsupportedError(`an imported interface that has a ${description.sort} in it`)
  }
}
