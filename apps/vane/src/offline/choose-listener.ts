import type { ListenerMeta, SymbolicFlowGraph } from 'vane-core'
import { UsageError } from '../usage-error.ts'

/**
 * The listener that a request is explained on: the one that was named, else the one on the request's port, else the only one.
 *
 * @throws UsageError where the choice is not clear.
 */
export function chooseListener(graph: SymbolicFlowGraph, port: number, named: string | undefined): string {
  const { listeners } = graph.meta
  const keys = Object.keys(listeners)
  if (named !== undefined) {
    const found = keys.find((key) => key === named || key === `tcp:${named}`)
    if (found === undefined) throw new UsageError(`there is no listener ${named}; there are: ${keys.join(', ')}`)
    return found
  }
  const onPort = keys.filter((key) => portOf(listeners[key]!) === port && listeners[key]!.transport === 'tcp')
  const candidates = onPort.length > 0 ? onPort : keys
  const [first = '', ...others] = candidates
  if (others.length === 0) return first
  const problem = onPort.length > 0 ? `several listeners have port ${port}` : `no listener has port ${port}`
  throw new UsageError(`${problem}; choose one with --listener: ${candidates.join(', ')}`)
}

function portOf({ address }: ListenerMeta): number | undefined {
  return 'port' in address ? address.port : undefined
}
