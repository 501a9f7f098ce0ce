import { compileCommand } from './compile.ts'
import { explainCommand } from './explain.ts'
import { graphCommand } from './graph.ts'
import type { OfflineCommand } from './offline-command.ts'

/** Every command that needs no daemon, in the order of the help text. */
export const OFFLINE_COMMANDS: readonly OfflineCommand[] = [compileCommand, explainCommand, graphCommand]
