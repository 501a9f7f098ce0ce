import type { WasiHost } from './wasi-host.ts'
import { InputStream, OutputStream } from './wasi-io.ts'

/** `wasi:cli/terminal-input.terminal-input`: there is none to get. */
export class TerminalInput {}

/** `wasi:cli/terminal-output.terminal-output`: there is none to get. */
export class TerminalOutput {}

/** `wasi:cli/environment`: empty. */
export function createEnvironment(): object {
  return { getEnvironment: () => [], getArguments: () => [], initialCwd: () => undefined }
}

/** `wasi:cli/exit`: a trap, whatever the status. */
export function createExit(host: WasiHost): object {
  return {
    exit: () => host.trap('the plugin called exit'),
    exitWithCode: (code: number) => host.trap(`the plugin called exit with code ${code}`),
  }
}

/** `wasi:cli/stdin`, `stdout` and `stderr`: no input; output goes to the plugin's log. */
export function createStandardStreams(host: WasiHost): {
  readonly stdin: object
  readonly stdout: object
  readonly stderr: object
} {
  return {
    stdin: { getStdin: () => new InputStream() },
    stdout: { getStdout: () => new OutputStream((bytes) => host.writeOutput('stdout', bytes)) },
    stderr: { getStderr: () => new OutputStream((bytes) => host.writeOutput('stderr', bytes)) },
  }
}
