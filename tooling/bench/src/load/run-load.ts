import { createChildGroup } from '../process/child-group.ts'
import { pin, type Launch } from '../process/launch.ts'
import type { Stage } from '../stage.ts'

/** Runs a load generator to its end on the load's core and gives what it printed; throws that if it failed. */
export async function runLoad({ signal, loadCore }: Stage, launch: Launch): Promise<string> {
  signal.throwIfAborted()
  const group = createChildGroup()
  const onAbort = (): void => void group.stop()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const child = await group.start(pin(launch, loadCore))
    const code = await child.ended
    signal.throwIfAborted()
    if (code !== 0) throw new Error(`the load generator ended with code ${code}:\n${child.output()}`)
    return child.output()
  } finally {
    signal.removeEventListener('abort', onAbort)
    await group.stop()
  }
}
