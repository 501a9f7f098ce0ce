import { toCamelCase } from '../plan/names.ts'
import type { ValueType } from '../plan/value-type.ts'
import type { Codec } from './codec.ts'
import { contractCodec } from './contract-codecs.ts'
import { enumCodec, flagsCodec } from './enum-codecs.ts'
import { handleCodec } from './handle-codec.ts'
import { BYTES_CODEC, listCodec, STRING_CODEC } from './list-codecs.ts'
import { recordCodec, tupleCodec } from './record-codecs.ts'
import { SCALAR_CODECS } from './scalar-codecs.ts'
import { optionCodec, taggedOptionCodec, variantCodec } from './variant-codecs.ts'

/** Makes the codec of a type, or finds it: types are shared, and so are codecs. One for all instances of a component. */
export class Codecs {
  readonly #known: WeakMap<ValueType, Codec> = new WeakMap()

  of(type: ValueType): Codec {
    const known = this.#known.get(type)
    if (known !== undefined) return known
    const generic = this.#make(type)
    const codec = contractCodec(type, generic) ?? generic
    this.#known.set(type, codec)
    return codec
  }

  #optional(type: ValueType | undefined): Codec | undefined {
    return type === undefined ? undefined : this.of(type)
  }

  #make(type: ValueType): Codec {
    switch (type.kind) {
      case 'string':
        return STRING_CODEC
      case 'list':
        return type.of.kind === 'u8' ? BYTES_CODEC : listCodec(this.of(type.of))
      case 'record':
        return recordCodec(type.fields.map((field) => [toCamelCase(field.name), this.of(field.type)]))
      case 'tuple':
        return tupleCodec(type.items.map((item) => this.of(item)))
      case 'enum':
        return enumCodec(type.names)
      case 'flags':
        return flagsCodec(type.names.map(toCamelCase))
      case 'option': {
        const of = this.of(type.of)
        return type.of.kind === 'option' ? taggedOptionCodec(of) : optionCodec(of)
      }
      case 'variant':
        return variantCodec(type.cases.map(({ name, type: payload }) => [name, this.#optional(payload)]))
      case 'result':
        return variantCodec([
          ['ok', this.#optional(type.ok)],
          ['err', this.#optional(type.err)],
        ])
      case 'own':
      case 'borrow':
        return handleCodec(type.kind, type.resource)
      default:
        return SCALAR_CODECS[type.kind]
    }
  }
}
