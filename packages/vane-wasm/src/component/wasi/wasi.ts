import { createEnvironment, createExit, createStandardStreams, TerminalInput, TerminalOutput } from './wasi-cli.ts'
import { createMonotonicClock, createTimezone, createWallClock } from './wasi-clocks.ts'
import { createFilesystemTypes, createOutgoingHandler, createPreopens, createSockets } from './wasi-denied.ts'
import type { WasiHost } from './wasi-host.ts'
import { createHttpTypes } from './wasi-http-types.ts'
import { InputStream, IoError, OutputStream, poll, Pollable } from './wasi-io.ts'
import { createInsecureSeed, createRandom } from './wasi-random.ts'

const FACTORIES: Readonly<Record<string, (host: WasiHost) => object>> = {
  'wasi:io/error': () => ({ Error: IoError }),
  'wasi:io/poll': () => ({ Pollable, poll }),
  'wasi:io/streams': () => ({ InputStream, OutputStream }),
  'wasi:clocks/monotonic-clock': createMonotonicClock,
  'wasi:clocks/wall-clock': createWallClock,
  'wasi:clocks/timezone': createTimezone,
  'wasi:random/random': createRandom,
  'wasi:random/insecure': createRandom,
  'wasi:random/insecure-seed': createInsecureSeed,
  'wasi:cli/environment': createEnvironment,
  'wasi:cli/exit': createExit,
  'wasi:cli/stdin': (host) => createStandardStreams(host).stdin,
  'wasi:cli/stdout': (host) => createStandardStreams(host).stdout,
  'wasi:cli/stderr': (host) => createStandardStreams(host).stderr,
  'wasi:cli/terminal-input': () => ({ TerminalInput }),
  'wasi:cli/terminal-output': () => ({ TerminalOutput }),
  'wasi:cli/terminal-stdin': () => ({ getTerminalStdin: () => undefined }),
  'wasi:cli/terminal-stdout': () => ({ getTerminalStdout: () => undefined }),
  'wasi:cli/terminal-stderr': () => ({ getTerminalStderr: () => undefined }),
  'wasi:filesystem/types': createFilesystemTypes,
  'wasi:filesystem/preopens': createPreopens,
  'wasi:http/types': createHttpTypes,
  'wasi:http/outgoing-handler': createOutgoingHandler,
}

/**
 * Stand-ins for the WASI interfaces that a component imports, by name without version. They reach no file, socket, environment or
 * terminal; a function that has no stand-in is a trap when it is called.
 */
export function createWasi(interfaces: readonly string[], host: WasiHost): Record<string, object> {
  const imports: Record<string, object> = {}
  for (const id of interfaces) {
    const create = id.startsWith('wasi:sockets/') ? createSockets : FACTORIES[id]
    imports[id] = withDenial(create?.(host) ?? {}, id, host)
  }
  return imports
}

/** Answers for what the stand-in lacks, so that a component links whatever part of an interface it was built with. */
function withDenial(standIn: object, id: string, host: WasiHost): object {
  return new Proxy(standIn, {
    get(target, key) {
      const known: unknown = Reflect.get(target, key)
      if (known !== undefined || typeof key === 'symbol') return known
      // A function that may also be used as the class of a resource.
      return function denied(): never {
        return host.trap(`${id} is denied to plugins (${key})`)
      }
    },
  })
}
