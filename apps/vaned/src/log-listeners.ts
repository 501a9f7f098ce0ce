import type { Logger } from 'vane-core'
import type { ListenerStatus } from 'vane-engine'

/** Says where the daemon listens: of each listener once. Why one does not is the engine's to say. */
export function createListenerLog(logger: Logger): (statuses: readonly ListenerStatus[]) => void {
  let told = new Set<string>()
  return (statuses) => {
    const bound = statuses.filter(({ state }) => state === 'listening')
    for (const { key, addresses } of bound) {
      if (!told.has(key)) logger.info({ listener: key }, `listening on ${addresses.join(' and ')}`)
    }
    told = new Set(bound.map(({ key }) => key))
  }
}
