import type { Command } from './command.ts'
import { getConfigCommand } from './get-config.ts'
import { getPoolsCommand } from './get-pools.ts'
import { pingCommand } from './ping.ts'
import { reloadCommand } from './reload.ts'
import { shutdownCommand } from './shutdown.ts'
import { statsCommand } from './stats.ts'

/** Every command, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  pingCommand,
  statsCommand,
  getConfigCommand,
  getPoolsCommand,
  reloadCommand,
  shutdownCommand,
]
