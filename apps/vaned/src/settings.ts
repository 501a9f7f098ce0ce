import { join, resolve } from 'node:path'
import type { BindOptions, EngineLimits, Settings } from 'vane-engine'
import { defaultSocketPath, defaultStateDir, type PathVariables } from 'vane-mgmt'

/** Where the daemon's files are: all absolute. */
export interface DaemonPaths {
  readonly configDir: string
  readonly stateDir: string
  readonly wasmDir: string
  readonly socketPath: string
}

/** Fills in the places that the settings leave open. */
export function toPaths(configDir: string, settings: Settings, variables: PathVariables): DaemonPaths {
  // What `.env` says of them counts as much as the process environment.
  const places: PathVariables = {
    XDG_STATE_HOME: variables['XDG_STATE_HOME'],
    VANE_STATE_DIR: settings.stateDir,
    VANE_MGMT_UNIX: settings.mgmtUnix,
  }
  return {
    configDir: resolve(configDir),
    stateDir: resolve(defaultStateDir(places)),
    wasmDir: resolve(settings.wasmDir ?? join(configDir, 'wasm')),
    socketPath: resolve(defaultSocketPath(places)),
  }
}

/** How listeners bind. */
export function toBindOptions(settings: Settings): BindOptions {
  return {
    ipv4: settings.bindIpv4,
    ipv6: settings.bindIpv6,
    maxAttempts: settings.bindMaxAttempts,
    backoffInitialMs: settings.bindBackoffInitialMs,
    backoffMaxMs: settings.bindBackoffMaxMs,
    deadlineMs: settings.bootHealthTimeoutSecs * 1_000,
  }
}

/** What peers may use; the engine knows the rest. */
export function toEngineLimits({ security, drainTimeoutSecs }: Settings): Partial<EngineLimits> {
  return { ...security, drainTimeoutMs: drainTimeoutSecs * 1_000 }
}

/** Variables that are understood and that nothing in this version obeys: an operator who set one must not rely on it. */
export function idleVariables(settings: Settings): string[] {
  const isSet: Readonly<Record<string, boolean>> = {
    // Switched off is what it is.
    VANE_MGMT_HTTP_PORT: settings.mgmtHttpPort !== undefined && settings.mgmtHttpPort !== 3333,
    VANE_MGMT_HTTP_PUBLIC: settings.mgmtHttpPublic,
    VANE_MGMT_HTTP_TOKEN: settings.mgmtHttpToken !== undefined,
    VANE_THREADS: settings.threads !== undefined,
    VANE_WASM_MAX_MEMORY_MB: settings.wasmMaxMemoryMb !== 128,
  }
  return Object.keys(isSet).filter((name) => isSet[name] === true)
}
