import { AbiError } from './abi-error.ts'
import type { Codec } from './codec.ts'
import { bitsOf, discriminantOf } from './discriminant.ts'
import { toRecord, toText } from './host-values.ts'

/** `enum`. */
export function enumCodec(names: readonly string[]): Codec {
  const { size, load, store } = discriminantOf(names.length)
  const numbers = new Map(names.map((name, number) => [name, number]))
  const toName = (number: number): string => {
    const name = names[number]
    if (name === undefined) throw new AbiError(`discriminant ${number} of an enum of ${names.length} cases`)
    return name
  }
  const toNumber = (value: unknown): number => {
    const number = numbers.get(toText(value))
    if (number === undefined) throw new AbiError(`${JSON.stringify(value)} is no case of the component's enum`)
    return number
  }
  return {
    size,
    align: size,
    flat: ['i32'],
    load: ({ guest }, pointer) => toName(load(guest.view, pointer)),
    store: ({ stage }, pointer, value) => store(stage.view, pointer, toNumber(value)),
    lift: (_side, args, at) => toName((args[at] as number) >>> 0),
    lower: (_side, value, out) => void out.push(toNumber(value)),
  }
}

/** @param names as they are in JavaScript; 32 at most. */
export function flagsCodec(names: readonly string[]): Codec {
  const { size, load, store } = bitsOf(names.length)
  const toObject = (bits: number): Record<string, boolean> =>
    Object.fromEntries(names.map((name, i) => [name, ((bits >>> i) & 1) === 1]))
  const toBits = (value: unknown): number => {
    const from = toRecord(value)
    return names.reduce((bits, name, i) => (from[name] === true ? bits | (1 << i) : bits), 0)
  }
  return {
    size,
    align: size,
    flat: ['i32'],
    load: ({ guest }, pointer) => toObject(load(guest.view, pointer)),
    store: ({ stage }, pointer, value) => store(stage.view, pointer, toBits(value)),
    lift: (_side, args, at) => toObject(args[at] as number),
    lower: (_side, value, out) => void out.push(toBits(value)),
  }
}
