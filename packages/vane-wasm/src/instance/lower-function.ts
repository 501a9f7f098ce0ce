import type { FlatValue, Side } from '../abi/codec.ts'
import type { Abi } from '../plan/plan.ts'
import type { FunctionType } from '../plan/value-type.ts'
import { Crossing } from './crossing.ts'
import type { HostFunction } from './host-imports.ts'
import type { Linker } from './linker.ts'

/** What a guest takes a function for that it imports. */
export interface Lowering {
  readonly type: FunctionType
  readonly abi: Abi
}

/** Makes a core function that lifts its arguments, calls `target`, and lowers the result. */
export function lowerFunction(
  linker: Linker,
  { type, abi }: Lowering,
  target: HostFunction,
): WebAssembly.ExportedFunction {
  const { guard } = linker
  const crossing = new Crossing(type, linker.codecs)
  // The memory may not be there yet when the guest that imports this is instantiated.
  let side: Side | undefined
  return (...flat) => {
    try {
      guard.assertMayLeave()
      side ??= linker.toSide(abi)
      side.guest.beginLift()
      const value = target(...(crossing.liftParams(side, flat) as never[]))
      const answer = crossing.lowerResult(side, flat, value)
      guard.spend(side.guest.takeMoved())
      return answer
    } catch (error) {
      return guard.trap(error)
    }
  }
}

/** Like {@link lowerFunction}, for a `target` whose promise the guest waits for. Answers an import, which is no function. */
export function lowerWaitingFunction(linker: Linker, { type, abi }: Lowering, target: HostFunction): object {
  const { guard } = linker
  const crossing = new Crossing(type, linker.codecs)
  let side: Side | undefined
  const resume = (flat: readonly FlatValue[], from: Side, settled: () => unknown): FlatValue | undefined => {
    try {
      guard.endWait()
      const answer = crossing.lowerResult(from, flat, settled())
      guard.spend(from.guest.takeMoved())
      return answer
    } catch (error) {
      return guard.trap(error)
    }
  }
  return new WebAssembly.Suspending((...flat) => {
    try {
      guard.assertMayWait()
      side ??= linker.toSide(abi)
      const from = side
      from.guest.beginLift()
      const args = crossing.liftParams(from, flat) as never[]
      guard.spend(from.guest.takeMoved())
      const answer = Promise.resolve(target(...args))
      guard.beginWait()
      const resumed = answer.then(
        (value) => resume(flat, from, () => value),
        (error: unknown) =>
          resume(flat, from, () => {
            throw error
          }),
      )
      // Where the engine finds only now that the guest cannot wait, nobody takes the promise; its failure must not end the process.
      resumed.catch(() => {})
      return resumed
    } catch (error) {
      return guard.trap(error)
    }
  })
}
