import type { Writable } from 'node:stream'
import { MgmtError, MgmtUnreachableError, createMgmtClient, defaultSocketPath, type ReloadFailure } from 'vane-mgmt'
import { parseArguments, type Arguments, type Invocation } from './arguments.ts'
import { followStream } from './follow-stream.ts'
import { HELP, toCommandHelp } from './help.ts'
import { printable, renderBlocks } from './output/blocks.ts'
import type { RunResult, RunSurroundings } from './run-result.ts'
import { UsageError } from './usage-error.ts'
import { readVersion } from './version.ts'

/** Does what the command line says. Never rejects for what a user or daemon did. */
export async function run(
  argv: readonly string[],
  surroundings: RunSurroundings = processSurroundings(),
): Promise<RunResult> {
  let parsed: Arguments | undefined
  try {
    parsed = parseArguments(argv)
    if (parsed.kind === 'help') {
      const stdout = parsed.command === undefined ? HELP : toCommandHelp(parsed.command)
      return { stdout, stderr: '', exitCode: 0 }
    }
    if (parsed.kind === 'version') return { stdout: `vane ${await readVersion()}\n`, stderr: '', exitCode: 0 }
    if (parsed.kind === 'offline') return await parsed.command.run(parsed.dir, parsed.options, surroundings)
    return await callDaemon(parsed, surroundings)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const command = parsed === undefined || parsed.kind === 'version' ? error.command : parsed.command?.name
    return { stdout: '', stderr: `vane: ${error.message}\n${toAdvice(command)}\n`, exitCode: 2 }
  }
}

function toAdvice(command: string | undefined): string {
  return command === undefined ? 'vane --help lists the commands' : `vane ${command} --help tells what it takes`
}

async function callDaemon(invocation: Invocation, surroundings: RunSurroundings): Promise<RunResult> {
  const { command, options, json } = invocation
  const socketPath = invocation.socket ?? defaultSocketPath(surroundings.variables)
  const client = createMgmtClient({ socketPath })
  try {
    if ('open' in command) {
      await followStream(command, command.open(socketPath, options), { ...surroundings, json })
      return { stdout: '', stderr: '', exitCode: 0 }
    }
    const answer = await command.call(client, options)
    const stdout = json
      ? toJson(answer.result, surroundings)
      : renderBlocks(answer.show(), { align: surroundings.terminal, color: surroundings.color })
    return { stdout, stderr: '', exitCode: 0 }
  } catch (error) {
    if (error instanceof MgmtUnreachableError) return unreachable(error)
    if (error instanceof MgmtError) return failed(error, json, surroundings)
    throw error
  } finally {
    client.close()
  }
}

function toJson(value: unknown, { terminal }: RunSurroundings): string {
  return `${JSON.stringify(value, undefined, terminal ? 2 : undefined)}\n`
}

function failed(error: MgmtError, json: boolean, surroundings: RunSurroundings): RunResult {
  const body = { error: { code: error.code, message: error.message, data: error.data } }
  const report = reportOf(error)
  return {
    stdout: json ? toJson(body, surroundings) : '',
    stderr: printable(`${report === undefined ? '' : `${report}\n\n`}vane: ${error.message}\n`),
    exitCode: 1,
  }
}

function reportOf({ code, data }: MgmtError): string | undefined {
  if (code !== 'reload_failed' || typeof data !== 'object' || data === null) return undefined
  const { report } = data as Partial<ReloadFailure>
  return typeof report === 'string' ? report : undefined
}

function unreachable(error: MgmtUnreachableError): RunResult {
  const denied = error.code === 'EACCES' || error.code === 'EPERM'
  const advice = denied
    ? 'run vane as the user the daemon runs as, or join its group'
    : 'is vaned running? its log names its socket at the start; --socket PATH or VANE_MGMT_UNIX names another one'
  return { stdout: '', stderr: `vane: ${error.message}\n${advice}\n`, exitCode: 3 }
}

function processSurroundings(): RunSurroundings {
  const { stdout } = process
  // Its own `destroyed` does not tell: Node's standard output comes back to life after an error.
  let isReaderGone = false
  stdout.once('error', () => (isReaderGone = true))
  return {
    variables: process.env,
    terminal: stdout.isTTY,
    color: stdout.isTTY && stdout.hasColors(),
    async write(text) {
      if (!isReaderGone && !stdout.write(text)) await untilWritable(stdout)
      return !isReaderGone
    },
  }
}

/** Waits until a stream takes more, or never will. */
async function untilWritable(stream: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const events = ['drain', 'error', 'close'] as const
    const settle = (): void => {
      for (const event of events) stream.off(event, settle)
      resolve()
    }
    for (const event of events) stream.on(event, settle)
  })
}
