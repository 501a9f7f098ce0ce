import type { Codec, FlatValue, Side } from '../abi/codec.ts'
import type { Codecs } from '../abi/codecs.ts'
import { flatCount, layOut, type Layout } from '../abi/layout.ts'
import { FLAT } from '../abi/stage.ts'
import type { FunctionType } from '../plan/value-type.ts'

/** Parameters of more flat values than this travel in memory (Canonical ABI, `MAX_FLAT_PARAMS`). */
const MAX_FLAT_PARAMS = 16

/** How the parameters and the result of one function cross, whichever way. */
export class Crossing {
  /** Codec of the result. */
  readonly result: Codec | undefined
  /** Whether the result is left in memory and its address passed. */
  readonly hasResultInMemory: boolean
  readonly #params: readonly Codec[]
  /** Where parameters lie that do not travel flat. */
  readonly #layout: Layout | undefined

  constructor({ params, result }: FunctionType, codecs: Codecs) {
    this.#params = params.map(({ type }) => codecs.of(type))
    this.result = result === undefined ? undefined : codecs.of(result)
    this.#layout = flatCount(this.#params) > MAX_FLAT_PARAMS ? layOut(this.#params) : undefined
    this.hasResultInMemory = this.result !== undefined && this.result.flat.length > 1
  }

  /** Takes the arguments that a guest passes. */
  liftParams(side: Side, flat: readonly FlatValue[]): unknown[] {
    const params = this.#params
    const args: unknown[] = []
    if (this.#layout === undefined) {
      for (let i = 0, at = 0; i < params.length; i++) {
        args.push(params[i]!.lift(side, flat, at))
        at += params[i]!.flat.length
      }
      return args
    }
    const { offsets, size, align } = this.#layout
    const start = side.guest.at(flat[0] as number, size, align)
    for (let i = 0; i < params.length; i++) args.push(params[i]!.load(side, start + offsets[i]!))
    return args
  }

  /** Makes the arguments that a guest is passed. */
  lowerParams(side: Side, args: readonly unknown[]): FlatValue[] {
    const params = this.#params
    const { guest, stage } = side
    const flat: FlatValue[] = []
    stage.begin()
    if (this.#layout === undefined) {
      for (let i = 0; i < params.length; i++) params[i]!.lower(side, args[i], flat)
      guest.place(stage, flat)
      return flat
    }
    const { offsets, size, align } = this.#layout
    stage.expectFlat(0)
    const start = stage.allocate(size, align, { length: size, target: FLAT })
    for (let i = 0; i < params.length; i++) params[i]!.store(side, start + offsets[i]!, args[i])
    guest.place(stage, flat)
    // A pair was filled in, of which only the pointer is passed.
    flat.length = 1
    return flat
  }

  /** Takes what a guest answered. */
  liftResult(side: Side, answer: FlatValue | undefined): unknown {
    const { result } = this
    if (result === undefined) return undefined
    side.guest.beginLift()
    if (!this.hasResultInMemory) return result.lift(side, [answer as FlatValue], 0)
    return result.load(side, side.guest.at(answer as number, result.size, result.align))
  }

  /** Makes what a guest is answered. @param flat what it passed: the last of it says where a result in memory goes. */
  lowerResult(side: Side, flat: readonly FlatValue[], value: unknown): FlatValue | undefined {
    const { result } = this
    if (result === undefined) return undefined
    side.guest.refresh()
    const { guest, stage } = side
    const out: FlatValue[] = []
    stage.begin()
    if (this.hasResultInMemory) {
      const pointer = guest.at(flat.at(-1) as number, result.size, result.align)
      result.store(side, stage.placeAt(pointer, result.size), value)
      guest.place(stage, out)
      return undefined
    }
    // One flat value has no room for a pair, so nothing is staged.
    result.lower(side, value, out)
    return out[0]
  }
}
