import type { Command, CommandOptions, StreamCommand } from './commands/command.ts'
import { COMMANDS, STREAM_COMMANDS } from './commands/commands.ts'
import type { OfflineCommand, OfflineOptions } from './offline/offline-command.ts'
import { OFFLINE_COMMANDS } from './offline/offline-commands.ts'

/** Any command of the command line. */
export type AnyCommand = Command | StreamCommand | OfflineCommand

/** How an option is written, and what it is for. */
type OptionHelp = readonly [form: string, what: string]

/** Options that only some commands take, in the order in which they are listed. */
const OPTION_HELP: Readonly<Record<Exclude<keyof CommandOptions | keyof OfflineOptions, 'json'>, OptionHelp>> = {
  timeout: ['--timeout SECS', 'cut what is left then; 0 ends at once; default: VANE_DRAIN_TIMEOUT_SECS'],
  upstream: ['--upstream NAME', 'as get upstreams has it'],
  verbosity: ['--verbosity WORD', 'normal, or debug for every step'],
  last: ['--last N, -n', 'begin with the last N entries that are remembered'],
  noFollow: ['--no-follow', 'end after them'],
  event: ['--event KIND', 'only request, step, upgrade, terminate, error or security_limit'],
  connection: ['--connection ID', 'only this connection'],
  rule: ['--rule NAME', 'only what this rule did'],
  method: ['--method NAME', 'only this method'],
  target: ['--target PATH', 'only what begins so'],
  status: ['--status CODE', 'only this status, or a class of them such as 5xx'],
  outcome: ['--outcome WORD', 'only response, tunnel, closed, failed or canceled'],
  slowerThan: ['--slower-than MS', 'only what took at least so long'],
  graph: ['--graph', 'print the graph as JSON'],
  request: ['--request, -r', "a method and an address, such as 'GET https://a.test/x'"],
  headers: ['--header, -H', "a header, such as 'accept: text/html'; may be repeated"],
  from: ['--from IP', 'address of the client'],
  sni: ['--sni NAME', 'name the client asks for in TLS; default: the host'],
  listener: ['--listener KEY', 'listener to start at, where the port does not tell'],
  format: ['--format, -f', 'svg (default), mermaid or dot'],
  out: ['--out FILE, -o', 'write there instead of to standard output'],
  full: ['--full', 'draw every node of a large graph'],
}

const SOCKET: OptionHelp = [
  '--socket PATH, -s',
  'management socket; default: VANE_MGMT_UNIX, else vaned.sock in the state directory',
]
const JSON_OUTPUT: OptionHelp = ['--json', 'print the answer as JSON']
const VERSION: OptionHelp = ['--version, -v', 'print the version']
const HELP_OF_ALL: OptionHelp = ['--help, -h', 'print this; after a command, what that command takes']
const HELP_OF_ONE: OptionHelp = ['--help, -h', 'print this']
const EXIT_CODES = 'exit codes: 0 done, 1 failed, 2 usage, 3 the daemon cannot be reached\n'

const ONLINE = [...COMMANDS, ...STREAM_COMMANDS]
const WIDTH = Math.max(...[...ONLINE, ...OFFLINE_COMMANDS].map((command) => usageOf(command).length))

/** Printed by `--help`. */
export const HELP: string = `vane: the command line of Vane

usage: vane COMMAND [options]

of a running vaned:
${list(
  ONLINE.map(({ name, summary }) => [name, summary]),
  WIDTH,
)}
of a configuration directory, without one:
${list(
  OFFLINE_COMMANDS.map(({ usage, summary }) => [usage, summary]),
  WIDTH,
)}
${[...ONLINE, ...OFFLINE_COMMANDS].map(sectionOf).join('')}
${list([SOCKET, JSON_OUTPUT, VERSION, HELP_OF_ALL])}
${EXIT_CODES}`

/** Printed by `--help` after a command. */
export function toCommandHelp(command: AnyCommand): string {
  const isOffline = 'usage' in command
  const shared = isOffline ? [] : [SOCKET, JSON_OUTPUT]
  const own = command.takes.map((option) => (option === 'json' ? JSON_OUTPUT : OPTION_HELP[option]))
  return `vane ${command.name}: ${command.summary}

usage: vane ${usageOf(command)} [options]

${list([...own, ...shared, HELP_OF_ONE])}
${EXIT_CODES}`
}

function sectionOf(command: AnyCommand): string {
  const own = command.takes.flatMap((option) => (option === 'json' ? [] : [OPTION_HELP[option]]))
  return own.length === 0 ? '' : `${command.name}\n${list(own)}`
}

function usageOf(command: AnyCommand): string {
  return 'usage' in command ? command.usage : command.name
}

function list(rows: readonly OptionHelp[], width = 17): string {
  return rows.map(([form, what]) => `  ${form.padEnd(width)}  ${what}\n`).join('')
}
