import { parseArgs, type ParseArgsConfig } from 'node:util'
import { suggest } from 'vane-core'
import { ExitError } from './exit-error.ts'

/** What the command line asks for. */
export type Arguments =
  | { readonly command: 'help' }
  | { readonly command: 'version'; readonly features: string | undefined }
  | { readonly command: 'serve' | 'check'; readonly configDir: string; readonly features: string | undefined }

const OPTIONS = {
  config: { type: 'string' },
  check: { type: 'boolean' },
  features: { type: 'string' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

/** Printed by `--help`. */
export const HELP = `vaned: the Vane proxy daemon

usage: vaned --config DIR [--check] [--features LIST]

  --config DIR      serve the configuration in DIR: rules/*.json, wasm/*.wasm, config.json, .env
  --check           compile and link it, report every problem, and end: 0 if it is good, 1 if not
  --features LIST   comma-separated features to use; -NAME switches one off; default: all that are installed
  --version, -v     print the version and the features
  --help, -h        print this

signals: SIGTERM drains and ends, a second one ends now; SIGINT ends now; SIGHUP reloads the configuration
variables: VANE_LOG_LEVEL, VANE_STATE_DIR, VANE_MGMT_UNIX and others; also read from DIR/.env and DIR/config.json
`

/**
 * Reads the command line.
 *
 * @throws ExitError with code 2 that names the option, and the one that was meant where there is a near miss.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, tokens } = parseArgs({
    args: joinListValue(argv),
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') throw usage(`unexpected argument "${token.value}"`)
    if (token.kind !== 'option') continue
    if (!Object.hasOwn(OPTIONS, token.name)) throw unknownOption(token.rawName)
    const { type } = OPTIONS[token.name as keyof typeof OPTIONS]
    if (type === 'string' && !hasValue(token)) throw usage(`${token.rawName} needs a value`)
    if (type === 'boolean' && token.value !== undefined) throw usage(`${token.rawName} takes no value`)
  }
  if (values.help === true) return { command: 'help' }
  const features = text(values.features)
  if (values.version === true) return { command: 'version', features }
  const configDir = text(values.config)
  if (configDir === undefined) throw usage('--config DIR is missing: no directory is guessed')
  return { command: values.check === true ? 'check' : 'serve', configDir, features }
}

/** `--features -wasm` is what people write; to `parseArgs` the value looks like an option of its own. */
function joinListValue(argv: readonly string[]): string[] {
  const joined: string[] = []
  for (const argument of argv) {
    const takesNext = joined.at(-1) === '--features' && !argument.startsWith('--')
    if (takesNext) joined[joined.length - 1] = `--features=${argument}`
    else joined.push(argument)
  }
  return joined
}

function unknownOption(rawName: string): ExitError {
  const names = Object.keys(OPTIONS).map((name) => `--${name}`)
  const near = suggest(rawName, names)
  return usage(`unknown option ${rawName}${near === undefined ? '' : `; did you mean ${near}?`}`)
}

function usage(message: string): ExitError {
  return new ExitError(2, `${message}\nvaned --help lists the options`)
}

/** `--config --check` forgot the value; one that begins with a dash is written `--config=-x`. */
function hasValue(token: { readonly value: string | undefined; readonly inlineValue: boolean | undefined }): boolean {
  if (token.value === undefined || token.value === '') return false
  return token.inlineValue === true || !token.value.startsWith('-')
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
