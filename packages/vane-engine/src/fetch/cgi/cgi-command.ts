import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CgiTerminate, VaneError } from 'vane-core'

/** Programs of util-linux that a CGI program is started through. */
export interface CgiTools {
  readonly setpriv: string
  readonly prlimit: string
}

/** Where system programs are; the daemon's own `PATH` may lead to others. */
const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin']
const MIB = 1024 * 1024
/** Rights to send signals to other users' processes and to become another user: bits 5, 6 and 7 of Linux's capabilities. */
const NEEDED_CAPABILITIES = 0b1110_0000n

/**
 * Finds the programs that give a process another user and limits.
 *
 * @throws VaneError of kind `compile` that names what is missing.
 */
export function findCgiTools(folders: readonly string[] = FOLDERS): CgiTools {
  const find = (name: string): string => {
    const path = folders.map((folder) => join(folder, name)).find(isExecutable)
    if (path !== undefined) return path
    throw new VaneError(
      { kind: 'compile' },
      `CGI programs are started through ${name}, which is not installed (Debian: package util-linux)`,
    )
  }
  return { setpriv: find('setpriv'), prlimit: find('prlimit') }
}

/**
 * Refuses a rule whose program could not be started as it says.
 *
 * @throws VaneError of kind `compile`.
 */
export function assertCanBecome({ uid, gid }: CgiTerminate['security']): void {
  const isOwn = process.getuid?.() === uid && process.getgid?.() === gid
  if (isOwn || hasNeededCapabilities()) return
  throw new VaneError(
    { kind: 'compile' },
    `running as uid ${uid} and gid ${gid} needs root, or CAP_SETUID, CAP_SETGID and CAP_KILL, which the daemon does not have`,
  )
}

/** The command line of a program, through what gives it its user and limits. Its environment and folder are the caller's. */
export function toCgiCommand({ binary, security }: CgiTerminate, { setpriv, prlimit }: CgiTools): string[] {
  const { uid, gid, limits } = security
  return [
    setpriv,
    `--reuid=${uid}`,
    `--regid=${gid}`,
    // Of the daemon's own groups nothing is to be left; only who may become another user may drop them.
    hasNeededCapabilities() ? '--clear-groups' : '--keep-groups',
    '--no-new-privs',
    '--inh-caps=-all',
    // The program does not outlive a daemon that is killed.
    '--pdeathsig=KILL',
    '--',
    prlimit,
    `--as=${limits.memoryMb * MIB}`,
    `--cpu=${limits.cpuSeconds}`,
    `--nproc=${limits.maxProcesses}`,
    '--core=0',
    '--',
    binary,
  ]
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function hasNeededCapabilities(): boolean {
  try {
    const [, mask] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    if (mask !== undefined) return (BigInt(`0x${mask}`) & NEEDED_CAPABILITIES) === NEEDED_CAPABILITIES
  } catch {
    // No Linux: there the user decides.
  }
  return process.geteuid?.() === 0
}
