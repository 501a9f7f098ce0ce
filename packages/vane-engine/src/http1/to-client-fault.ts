import { ClientFault } from './client-fault.ts'
import { HeadFault } from './head-fault.ts'

/** What a client is told of an error in its own bytes; `undefined` for one that is not of its making. */
export function toClientFault(error: unknown): ClientFault | undefined {
  if (error instanceof ClientFault) return error
  if (error instanceof HeadFault) return new ClientFault(error.isTooLarge ? 431 : 400, error.message)
  return undefined
}
