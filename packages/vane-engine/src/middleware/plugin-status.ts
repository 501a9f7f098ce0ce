import { VaneError } from 'vane-core'

/** Refuses a status that cannot end a request: the contract allows 100–599, but interim responses are no plugin's to send. */
export function assertFinalStatus(status: number): void {
  if (status >= 200 && status <= 599) return
  throw new VaneError({ kind: 'middleware' }, `plugin answered with status ${status}, which is not in 200–599`)
}
