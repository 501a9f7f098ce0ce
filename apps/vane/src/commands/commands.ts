import type { Command, StreamCommand } from './command.ts'
import { getConfigCommand } from './get-config.ts'
import { getPoolsCommand } from './get-pools.ts'
import { getUpstreamsCommand } from './get-upstreams.ts'
import { pingCommand } from './ping.ts'
import { poolDrainCommand } from './pool-drain.ts'
import { reloadCommand } from './reload.ts'
import { setFlowVerbosityCommand } from './set-flow-verbosity.ts'
import { shutdownCommand } from './shutdown.ts'
import { statsCommand } from './stats.ts'
import { tailFlowCommand } from './tail-flow.ts'

/** Every command, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  pingCommand,
  statsCommand,
  getConfigCommand,
  getPoolsCommand,
  getUpstreamsCommand,
  poolDrainCommand,
  reloadCommand,
  shutdownCommand,
  setFlowVerbosityCommand,
]

/** Every command that goes on. */
export const STREAM_COMMANDS: readonly StreamCommand[] = [tailFlowCommand]
