import { parseArgs, type ParseArgsConfig } from 'node:util'
import { suggest } from 'vane-core'
import type { Command, CommandOptions } from './commands/command.ts'
import { COMMANDS } from './commands/commands.ts'
import { UsageError } from './usage-error.ts'

/** A command with its options. */
export interface Invocation {
  readonly kind: 'command'
  readonly command: Command
  readonly options: CommandOptions
  /** Of `--socket`. */
  readonly socket: string | undefined
  readonly json: boolean
}

/** What the command line asks for. */
export type Arguments = Invocation | { readonly kind: 'help' } | { readonly kind: 'version' }

const OPTIONS = {
  socket: { type: 'string', short: 's' },
  json: { type: 'boolean' },
  timeout: { type: 'string' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

const NAMES = COMMANDS.map(({ name }) => name)
const NAME_WIDTH = Math.max(...NAMES.map((name) => name.length))

/** Printed by `--help`. */
export const HELP: string = `vane: the command line of a running vaned

usage: vane COMMAND [options]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(NAME_WIDTH)}  ${summary}\n`).join('')}
  --socket PATH, -s  management socket; default: VANE_MGMT_UNIX, else vaned.sock in the state directory
  --json             print the daemon's answer as JSON
  --version, -v      print the version
  --help, -h         print this

exit codes: 0 done, 1 failed, 2 usage, 3 the daemon cannot be reached
`

/**
 * Reads the command line.
 *
 * @throws UsageError that names what is wrong, and what was meant where there is a near miss.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, tokens, positionals } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (!Object.hasOwn(OPTIONS, token.name))
      throw unknown(
        'option',
        token.rawName,
        Object.keys(OPTIONS).map((name) => `--${name}`),
      )
    const { type } = OPTIONS[token.name as keyof typeof OPTIONS]
    if (type === 'string' && !hasValue(token)) throw new UsageError(`${token.rawName} needs a value`)
    if (type === 'boolean' && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`)
  }
  if (values.help === true) return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  const command = findCommand(positionals)
  const options: CommandOptions = { timeout: text(values.timeout) }
  if (options.timeout !== undefined && !command.takes.includes('timeout')) {
    throw new UsageError(`${command.name} takes no --timeout`)
  }
  return { kind: 'command', command, options, socket: text(values.socket), json: values.json === true }
}

function findCommand(words: readonly string[]): Command {
  if (words.length === 0) throw new UsageError('no command given')
  const name = words.join(' ')
  const found = COMMANDS.find((command) => command.name === name)
  if (found !== undefined) return found
  const longer = NAMES.filter((each) => each.startsWith(`${name} `))
  if (longer.length > 0) throw new UsageError(`"${name}" is incomplete; there are: ${longer.join(', ')}`)
  throw unknown('command', name, NAMES)
}

function unknown(what: 'option' | 'command', given: string, candidates: readonly string[]): UsageError {
  const near = suggest(given, candidates)
  return new UsageError(`unknown ${what} ${given}${near === undefined ? '' : `; did you mean ${near}?`}`)
}

/** `--socket --json` forgot the value; one that begins with a dash is written `--socket=-x`. */
function hasValue(token: { readonly value: string | undefined; readonly inlineValue: boolean | undefined }): boolean {
  if (token.value === undefined || token.value === '') return false
  return token.inlineValue === true || !token.value.startsWith('-')
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
