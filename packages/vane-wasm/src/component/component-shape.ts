import { BinaryFormatError, BinaryReader } from './binary-reader.ts'
import {
  readAlias,
  readComponentType,
  readExternDescription,
  readExternName,
  type ComponentType,
  type ExternDescription,
} from './component-types.ts'

/** What a component asks of its host under one name. */
export interface ComponentImport {
  readonly name: string
  readonly sort: ExternDescription['sort']
  /** For an instance: the functions of it that the component was built with. Toolchains leave out what is not used. */
  readonly functions: readonly string[]
  /** For a type: whether it is a resource that the host would have to bring. */
  readonly isResource: boolean
}

/** What a component shows to the outside, read from its own bytes before anybody rewrites them. */
export interface ComponentShape {
  readonly imports: readonly ComponentImport[]
  /** Names of exported instances. */
  readonly exportedInstances: readonly string[]
}

/**
 * Reads the imports and exports of a component (Component Model, Binary.md). What lies inside its core modules and nested
 * components is not looked at.
 *
 * @throws BinaryFormatError for bytes that are malformed, or newer than this reader.
 */
export function parseComponentShape(bytes: Uint8Array): ComponentShape {
  const shape = new ShapeReader()
  const reader = new BinaryReader(bytes)
  reader.skip(8)
  try {
    while (!reader.isAtEnd) {
      const id = reader.byte()
      shape.readSection(id, reader.slice(reader.u32()))
    }
  } catch (error) {
    // Types nest, and the stack is what bounds how deep.
    if (error instanceof RangeError) throw new BinaryFormatError('types are nested too deep', { cause: error })
    throw error
  }
  return shape
}

class ShapeReader implements ComponentShape {
  readonly imports: ComponentImport[] = []
  readonly exportedInstances: string[] = []
  /** The component's type index space: type section, imports, exports and aliases each add to it. */
  readonly #types: ComponentType[] = []

  readSection(id: number, section: BinaryReader): void {
    switch (id) {
      case 6:
        return section.vector(() => {
          if (readAlias(section).addsType) this.#addOpaqueType()
        })
      case 7:
        return section.vector(() => void this.#types.push(readComponentType(section)))
      case 10:
        return section.vector(() => this.#readImport(section))
      case 11:
        return section.vector(() => this.#readExport(section))
      case 0: // custom
      case 1: // core module
      case 2: // core instances
      case 3: // core types
      case 4: // nested component
      case 5: // instances
      case 8: // canonical functions
        return
      case 9:
        throw new BinaryFormatError('component start functions are not supported')
      default:
        throw new BinaryFormatError(`unknown component section ${id}`)
    }
  }

  #addOpaqueType(): void {
    this.#types.push({ functions: undefined })
  }

  #readImport(section: BinaryReader): void {
    const name = readExternName(section)
    const { sort, typeIndex, isResource = false } = readExternDescription(section)
    const functions = sort === 'instance' ? this.#functionsOf(typeIndex, name) : []
    this.imports.push({ name, sort, functions, isResource })
    if (sort === 'type') this.#addOpaqueType()
  }

  #functionsOf(typeIndex: number | undefined, name: string): readonly string[] {
    const functions = typeIndex === undefined ? undefined : this.#types[typeIndex]?.functions
    if (functions === undefined) throw new BinaryFormatError(`import ${JSON.stringify(name)} has no instance type`)
    return functions
  }

  #readExport(section: BinaryReader): void {
    const name = readExternName(section)
    const sort = section.byte()
    if (sort === 0x00) section.byte()
    section.u32()
    const isDescribed = section.byte() === 0x01
    if (isDescribed) readExternDescription(section)
    if (sort === 0x05) this.exportedInstances.push(name)
    if (sort === 0x03) this.#addOpaqueType()
  }
}
