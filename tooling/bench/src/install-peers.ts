import { spawnSync } from 'node:child_process'
import { findProgram } from './process/find-program.ts'
import type { Progress } from './stage.ts'

/** Debian's package for each program. */
const PEERS: ReadonlyMap<string, string> = new Map([
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['caddy', 'caddy'],
  ['wrk', 'wrk'],
  ['h2load', 'nghttp2-client'],
])

/**
 * Installs what is missing of the peers and of the load generator from Debian.
 *
 * @throws if that cannot be done here
 */
export function installPeers(print: Progress): void {
  const missing = [...PEERS].flatMap(([program, name]) => (findProgram(program) === undefined ? [name] : []))
  if (missing.length === 0) return print(`${[...PEERS.keys()].join(', ')}: all there`)
  const apt = findProgram('apt-get')
  if (apt === undefined || process.getuid?.() !== 0)
    throw new Error(`missing: ${missing.join(', ')}; to install them takes root and apt-get`)
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const { status } = spawnSync(apt, args, {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} ended with code ${status}`)
  }
  print(`installed: ${missing.join(', ')}. Debian also starts them as services, which the benchmark does not need`)
}
