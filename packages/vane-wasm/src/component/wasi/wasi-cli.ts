import type { WasiFunctions, WasiHost } from './wasi-host.ts'
import { Inert, OutputStream } from './wasi-io.ts'

/** `wasi:cli/environment`: empty. */
export const ENVIRONMENT: WasiFunctions = {
  'get-environment': () => [],
  'get-arguments': () => [],
  'initial-cwd': () => undefined,
}

/** `wasi:cli/stdin`: no input. */
export const STDIN: WasiFunctions = { 'get-stdin': () => new Inert() }

/** `wasi:cli/terminal-stdin`, `-stdout` and `-stderr`: there is no terminal. */
export const TERMINALS: WasiFunctions = {
  'get-terminal-stdin': () => undefined,
  'get-terminal-stdout': () => undefined,
  'get-terminal-stderr': () => undefined,
}

/** `wasi:cli/exit`: a trap, whatever the status. */
export function createExit(host: WasiHost): WasiFunctions {
  return {
    exit: () => host.trap('the plugin called exit'),
    'exit-with-code': (code) => host.trap(`the plugin called exit with code ${String(code)}`),
  }
}

/** `wasi:cli/stdout`: the plugin's log. */
export function createStdout(host: WasiHost): WasiFunctions {
  return { 'get-stdout': () => new OutputStream((bytes) => host.writeOutput('stdout', bytes)) }
}

/** `wasi:cli/stderr`: the plugin's log. */
export function createStderr(host: WasiHost): WasiFunctions {
  return { 'get-stderr': () => new OutputStream((bytes) => host.writeOutput('stderr', bytes)) }
}
