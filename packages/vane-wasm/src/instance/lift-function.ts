import { AbiError } from '../abi/abi-error.ts'
import type { FlatValue } from '../abi/codec.ts'
import type { Abi, LiftedFunction } from '../plan/plan.ts'
import { Crossing } from './crossing.ts'
import type { Linker } from './linker.ts'

/** A function of a component, with lifted arguments. What it throws is the instance's fault. */
export type GuestFunction = (args: readonly unknown[]) => unknown

/** Makes a function that lowers its arguments, calls into the guest, and lifts the result. */
export function liftFunction(linker: Linker, { func, type, abi }: LiftedFunction): GuestFunction {
  const { guard } = linker
  const core = linker.toFunction(func)
  const crossing = new Crossing(type, linker.codecs)
  const cleanUp = toCleanUp(linker, abi)
  const side = linker.toSide(abi)
  return (args) => {
    try {
      side.guest.refresh()
      const answer = core(...crossing.lowerParams(side, args))
      // The guest may have caught what a function of the host threw.
      if (guard.fault !== undefined) throw guard.fault
      const value = crossing.liftResult(side, answer)
      cleanUp?.(answer)
      return value
    } catch (error) {
      throw guard.fail(error)
    }
  }
}

/** Like {@link liftFunction}, for a component that may wait for the host: the function answers a promise. */
export function liftWaitingFunction(linker: Linker, { func, type, abi }: LiftedFunction): GuestFunction {
  const { guard } = linker
  const core = WebAssembly.promising(linker.toFunction(func))
  const crossing = new Crossing(type, linker.codecs)
  const cleanUp = toCleanUp(linker, abi)
  const side = linker.toSide(abi)
  return async (args) => {
    try {
      side.guest.refresh()
      const flat = crossing.lowerParams(side, args)
      guard.maySuspend = true
      const answer = await core(...flat)
      if (guard.fault !== undefined) throw guard.fault
      // Whatever it has not waited for would come back into an instance that serves another call.
      if (guard.waiting !== 0) throw new AbiError('the guest did not wait for a function that it called')
      const value = crossing.liftResult(side, answer)
      cleanUp?.(answer)
      return value
    } catch (error) {
      throw guard.fail(error)
    } finally {
      guard.maySuspend = false
    }
  }
}

/** Calls the function that a component wants called when its result has been taken. */
function toCleanUp(linker: Linker, { postReturn }: Abi): ((answer: FlatValue | undefined) => void) | undefined {
  if (postReturn === undefined) return undefined
  const { guard } = linker
  const core = linker.toFunction(postReturn)
  return (answer) => {
    guard.mayLeave = false
    if (answer === undefined) core()
    else core(answer)
    guard.mayLeave = true
  }
}
