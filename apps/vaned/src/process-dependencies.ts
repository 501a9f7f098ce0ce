import { createEngine, loadConfig, loadSettings } from 'vane-engine'
import { createMgmtServer } from 'vane-mgmt'
import { FEATURES } from './features.ts'
import { createLogger } from './logger.ts'
import type { BootDependencies } from './open-parts.ts'

/** The surroundings of a daemon that is a process of its own. */
export function processDependencies(): BootDependencies {
  return {
    variables: process.env,
    features: FEATURES,
    createLogger,
    loadSettings,
    loadConfig,
    createEngine,
    createMgmtServer,
    color: process.stderr.isTTY && process.stderr.hasColors(),
  }
}
