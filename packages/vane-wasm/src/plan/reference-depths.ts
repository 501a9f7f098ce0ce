import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { Abi, CoreReference } from './plan.ts'

/** Real components have one or two. */
const MAX_ADAPTERS = 32

/** Watches how many functions of components inside one another a core function goes through: each is a frame of ours. */
export class ReferenceDepths {
  readonly #depths: WeakMap<CoreReference, number> = new WeakMap()

  /** @throws UnsupportedError for a reference that goes too deep. */
  assertBounded(reference: CoreReference): void {
    const depth = 1 + this.#deepest(reference)
    if (depth > MAX_ADAPTERS) throw new UnsupportedError(`calls adapted more than ${MAX_ADAPTERS} times over`)
    this.#depths.set(reference, depth)
  }

  #deepest(reference: CoreReference): number {
    if (reference.kind === 'host') return this.#ofAbi(reference.abi)
    if (reference.kind !== 'adapter') return 0
    const { callee, abi } = reference
    return Math.max(this.#of(callee.func), this.#ofAbi(callee.abi), this.#ofAbi(abi))
  }

  #ofAbi({ realloc, postReturn }: Abi): number {
    return Math.max(this.#of(realloc), this.#of(postReturn))
  }

  #of(reference: CoreReference | undefined): number {
    return reference === undefined ? 0 : (this.#depths.get(reference) ?? 0)
  }
}
