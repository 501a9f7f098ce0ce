import { parseArgs, type ParseArgsConfig } from 'node:util'
import { suggest } from 'vane-core'
import type { Command, CommandOptions, StreamCommand } from './commands/command.ts'
import { COMMANDS, STREAM_COMMANDS } from './commands/commands.ts'
import type { AnyCommand } from './help.ts'
import type { OfflineCommand, OfflineOptions } from './offline/offline-command.ts'
import { OFFLINE_COMMANDS } from './offline/offline-commands.ts'
import { UsageError } from './usage-error.ts'

/** A command with its options. */
export interface Invocation {
  readonly kind: 'command'
  readonly command: Command | StreamCommand
  readonly options: CommandOptions
  /** Of `--socket`. */
  readonly socket: string | undefined
  readonly json: boolean
}

/** A command that needs no daemon, with its options. */
export interface OfflineInvocation {
  readonly kind: 'offline'
  readonly command: OfflineCommand
  readonly dir: string
  readonly options: OfflineOptions
}

/** What the command line asks for. */
export type Arguments =
  | Invocation
  | OfflineInvocation
  | { readonly kind: 'help'; readonly command: AnyCommand | undefined }
  | { readonly kind: 'version' }

const OPTIONS = {
  socket: { type: 'string', short: 's' },
  json: { type: 'boolean' },
  timeout: { type: 'string' },
  upstream: { type: 'string' },
  graph: { type: 'boolean' },
  full: { type: 'boolean' },
  request: { type: 'string', short: 'r' },
  header: { type: 'string', short: 'H', multiple: true },
  from: { type: 'string' },
  sni: { type: 'string' },
  listener: { type: 'string' },
  format: { type: 'string', short: 'f' },
  out: { type: 'string', short: 'o' },
  verbosity: { type: 'string' },
  last: { type: 'string', short: 'n' },
  'no-follow': { type: 'boolean' },
  event: { type: 'string' },
  connection: { type: 'string' },
  rule: { type: 'string' },
  method: { type: 'string' },
  target: { type: 'string' },
  status: { type: 'string' },
  outcome: { type: 'string' },
  'slower-than': { type: 'string' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

const NAMES = [...COMMANDS, ...STREAM_COMMANDS, ...OFFLINE_COMMANDS].map(({ name }) => name)
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
  const offline = OFFLINE_COMMANDS.find(({ name }) => name === positionals[0])
  if (values.help === true) return { kind: 'help', command: offline ?? findHelped(positionals.join(' ')) }
  if (values.version === true) return { kind: 'version' }
  const options: OfflineOptions & CommandOptions & { readonly socket: string | undefined } = {
    timeout: text(values.timeout),
    upstream: text(values.upstream),
    socket: text(values.socket),
    json: values.json === true,
    graph: values.graph === true,
    full: values.full === true,
    request: text(values.request),
    headers: (values.header ?? []).filter((header) => typeof header === 'string'),
    from: text(values.from),
    sni: text(values.sni),
    listener: text(values.listener),
    format: text(values.format),
    out: text(values.out),
    verbosity: text(values.verbosity),
    last: text(values.last),
    noFollow: values['no-follow'] === true,
    event: text(values.event),
    connection: text(values.connection),
    rule: text(values.rule),
    method: text(values.method),
    target: text(values.target),
    status: text(values.status),
    outcome: text(values.outcome),
    slowerThan: text(values['slower-than']),
  }
  const command = offline ?? findCommand(positionals)
  const taken: readonly string[] = offline === undefined ? [...command.takes, 'socket', 'json'] : command.takes
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const name =
      token.name === 'header' ? 'headers' : token.name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (!taken.includes(name)) throw new UsageError(`${command.name} takes no --${token.name}`, command.name)
  }
  if ('call' in command || 'open' in command)
    return { kind: 'command', command, options, socket: options.socket, json: options.json }
  const [, dir, ...rest] = positionals
  if (dir === undefined) throw new UsageError(`${command.name} needs a directory: vane ${command.usage}`, command.name)
  if (rest.length > 0)
    throw new UsageError(`${command.name} takes one directory, not also ${rest.join(' ')}`, command.name)
  return { kind: 'offline', command, dir, options }
}

function findCommand(words: readonly string[]): Command | StreamCommand {
  if (words.length === 0) throw new UsageError('no command given')
  const name = words.join(' ')
  const found = findOnline(name)
  if (found !== undefined) return found
  const longer = namesFrom(name)
  if (longer.length > 0) throw new UsageError(`"${name}" is incomplete; there are: ${longer.join(', ')}`)
  throw unknown('command', name, NAMES)
}

/** Whose help is asked for; `undefined` for that of all commands, and where the name is the beginning of several. */
function findHelped(name: string): Command | StreamCommand | undefined {
  const found = findOnline(name)
  if (found === undefined && name !== '' && namesFrom(name).length === 0) throw unknown('command', name, NAMES)
  return found
}

function namesFrom(word: string): readonly string[] {
  return NAMES.filter((each) => each.startsWith(`${word} `))
}

function findOnline(name: string): Command | StreamCommand | undefined {
  return [...COMMANDS, ...STREAM_COMMANDS].find((command) => command.name === name)
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

function text(value: string | boolean | (string | boolean)[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
