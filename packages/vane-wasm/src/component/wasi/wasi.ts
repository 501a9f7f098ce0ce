import type { HostFunction } from '../../instance/host-imports.ts'
import { createExit, createStderr, createStdout, ENVIRONMENT, STDIN, TERMINALS } from './wasi-cli.ts'
import { MONOTONIC_CLOCK, TIMEZONE, WALL_CLOCK } from './wasi-clocks.ts'
import { FILESYSTEM_TYPES, OUTGOING_HANDLER, PREOPENS, SOCKETS } from './wasi-denied.ts'
import type { WasiFunctions, WasiHost } from './wasi-host.ts'
import { HTTP_TYPES } from './wasi-http-types.ts'
import { createStreams, IO_ERROR, IO_POLL } from './wasi-io.ts'
import { createRandom, INSECURE_SEED } from './wasi-random.ts'

/** Where they need the instance they belong to: a function that makes them. */
type Functions = WasiFunctions | ((host: WasiHost) => WasiFunctions)

const FUNCTIONS: ReadonlyMap<string, Functions> = new Map<string, Functions>([
  ['wasi:io/error', IO_ERROR],
  ['wasi:io/poll', IO_POLL],
  ['wasi:io/streams', createStreams],
  ['wasi:clocks/monotonic-clock', MONOTONIC_CLOCK],
  ['wasi:clocks/wall-clock', WALL_CLOCK],
  ['wasi:clocks/timezone', TIMEZONE],
  ['wasi:random/random', createRandom],
  ['wasi:random/insecure', createRandom],
  ['wasi:random/insecure-seed', INSECURE_SEED],
  ['wasi:cli/environment', ENVIRONMENT],
  ['wasi:cli/exit', createExit],
  ['wasi:cli/stdin', STDIN],
  ['wasi:cli/stdout', createStdout],
  ['wasi:cli/stderr', createStderr],
  ['wasi:cli/terminal-stdin', TERMINALS],
  ['wasi:cli/terminal-stdout', TERMINALS],
  ['wasi:cli/terminal-stderr', TERMINALS],
  ['wasi:filesystem/types', FILESYSTEM_TYPES],
  ['wasi:filesystem/preopens', PREOPENS],
  ['wasi:sockets/network', SOCKETS],
  ['wasi:sockets/instance-network', SOCKETS],
  ['wasi:sockets/ip-name-lookup', SOCKETS],
  ['wasi:sockets/tcp-create-socket', SOCKETS],
  ['wasi:sockets/udp-create-socket', SOCKETS],
  ['wasi:http/types', HTTP_TYPES],
  ['wasi:http/outgoing-handler', OUTGOING_HANDLER],
])

/**
 * Finds the stand-in for a function of WASI. None reaches a file, socket, environment or terminal, and none keeps anything; a
 * function that has no stand-in is a trap when it is called, so that a component links whatever it was built with.
 *
 * @param id of the interface, without version.
 */
export function findWasi(id: string, name: string, host: WasiHost): HostFunction {
  const entry = FUNCTIONS.get(id)
  const functions = typeof entry === 'function' ? entry(host) : (entry ?? {})
  if (Object.hasOwn(functions, name)) return functions[name]!
  return () => host.trap(`${id} is denied to plugins (${name})`)
}
