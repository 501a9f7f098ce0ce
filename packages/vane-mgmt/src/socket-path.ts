import { homedir } from 'node:os'
import { join } from 'node:path'

/** The variables that decide where state and socket are. */
export type PathVariables = Readonly<Record<string, string | undefined>>

/**
 * Where a daemon keeps what it may lose: `VANE_STATE_DIR`, else `/var/lib/vane` for root, else `vane` in the user's
 * XDG state directory (`~/.local/state`).
 */
export function defaultStateDir(variables: PathVariables, uid: number | undefined = process.getuid?.()): string {
  if (isSet(variables['VANE_STATE_DIR'])) return variables['VANE_STATE_DIR']
  if (uid === 0) return '/var/lib/vane'
  // The XDG specification has relative paths ignored.
  const xdg = variables['XDG_STATE_HOME']
  return join(isSet(xdg) && xdg.startsWith('/') ? xdg : join(homedir(), '.local', 'state'), 'vane')
}

/**
 * Where the management socket is: `VANE_MGMT_UNIX`, else `vaned.sock` in the state directory. Daemon and command line
 * both ask here, so they meet without being told.
 */
export function defaultSocketPath(variables: PathVariables, uid: number | undefined = process.getuid?.()): string {
  const path = variables['VANE_MGMT_UNIX']
  return isSet(path) ? path : join(defaultStateDir(variables, uid), 'vaned.sock')
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
