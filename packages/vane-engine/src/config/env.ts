import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { hasErrors, SourceText, suggest, type Diagnostic, type SourceSpan } from 'vane-core'
import { readBounded } from './read-bounded.ts'
import { CONFIG_FILE, readConfigFile } from './read-config-file.ts'
import type { Settings } from './settings.ts'
import { SECURITY_VARIABLES, VARIABLES, type Variable, type Variables } from './variables.ts'

/** What {@link loadSettings} found. */
export interface LoadedSettings {
  /** `undefined` if and only if a diagnostic is an error. */
  readonly settings: Settings | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** Text by file, for code frames; none where the line might show a secret. */
  readonly sources: ReadonlyMap<string, string>
}

const ENV_FILE = '.env'
const MAX_ENV_BYTES = 1024 * 1024

/**
 * Reads the settings of a configuration directory: its `config.json`, over which its `.env` wins, over which the process
 * environment wins. Never throws for what is in any of them; an absent file is an empty one.
 */
export async function loadSettings(
  dir: string,
  processEnv: Readonly<Record<string, string | undefined>>,
): Promise<LoadedSettings> {
  const config = await readConfigFile(dir)
  const problems: Diagnostic[] = [...config.diagnostics]
  const source = await readEnvFile(dir, problems)
  const fromFile = source === undefined ? {} : parseEnv(source.text)
  const report = (name: string, problem: Omit<Diagnostic, 'span'>): void => {
    const span = source === undefined || processEnv[name] !== undefined ? undefined : spanOf(source, name)
    problems.push({ ...problem, ...(span === undefined ? {} : { span }) })
  }

  // What `config.json` says has been parsed once already, so that nothing of it is reported here.
  const fromConfig = Object.fromEntries([...config.settings].map(([name, { text }]) => [name, text]))
  const values: Record<string, string | undefined> = { ...fromConfig, ...fromFile, ...processEnv }
  const settings = {
    ...readVariables(VARIABLES, values, report),
    security: readVariables(SECURITY_VARIABLES, values, report),
  }
  const known = [...Object.values(VARIABLES), ...Object.values(SECURITY_VARIABLES)].map((variable) => variable.name)
  for (const name of Object.keys(values)) {
    if (!name.startsWith('VANE_') || values[name] === undefined || known.includes(name)) continue
    const near = suggest(name, known)
    report(name, {
      severity: 'warning',
      code: 'unknown-variable',
      message: `there is no variable ${name}`,
      ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
    })
  }
  // Read as nothing by the parser: what was meant to be limited would not be.
  for (const { name, span } of source === undefined ? [] : linesWithoutValue(source)) {
    if (values[name] !== undefined) continue
    const message = `${name} is given no value: its line in ${ENV_FILE} has no "="`
    problems.push({ severity: 'error', code: 'invalid-variable', message, span })
  }
  const sources = new Map<string, string>()
  // A frame shows the line, and a key that is none may be a secret's with a letter wrong. Lines of `.env` are never shown.
  const mayHoldSecret = config.diagnostics.some(({ code }) => code === 'unknown-key')
  if (config.text !== undefined && !mayHoldSecret) sources.set(CONFIG_FILE, config.text)
  return { settings: hasErrors(problems) ? undefined : settings, diagnostics: problems, sources }
}

function readVariables<S extends object>(
  variables: Variables<S>,
  values: Readonly<Record<string, string | undefined>>,
  report: (name: string, problem: Omit<Diagnostic, 'span'>) => void,
): S {
  const read = Object.entries<Variable<unknown>>(variables).map(([key, variable]) => {
    const text = values[variable.name]
    const parsed = text === undefined ? { value: variable.fallback } : variable.parser.parse(text)
    if ('value' in parsed) return [key, parsed.value]
    const { code, message } = parsed.problem
    report(variable.name, { severity: 'error', code, message: `${variable.name} ${message}` })
    return [key, variable.fallback]
  })
  // Each entry has been read by the variable of its own key.
  return Object.fromEntries(read) as S
}

async function readEnvFile(dir: string, problems: Diagnostic[]): Promise<SourceText | undefined> {
  const read = await readBounded(join(dir, ENV_FILE), { path: ENV_FILE, maxBytes: MAX_ENV_BYTES })
  if ('text' in read) return new SourceText({ path: ENV_FILE, text: read.text })
  if (!read.isAbsent) problems.push(read.problem)
  return undefined
}

/** Variables of ours that the file names at the beginning of a line without a `=`. */
function linesWithoutValue(source: SourceText): { readonly name: string; readonly span: SourceSpan }[] {
  return [...source.text.matchAll(/^([ \t]*(?:export[ \t]+)?)(VANE_\w+)(?!\w)[^=\n]*$/gm)].map(
    ({ index, 1: before, 2: name }) => ({
      name: name!,
      span: source.span(index + before!.length, name!.length),
    }),
  )
}

/** Where a variable is set in the file; of several lines the last, which is the one that counts. */
function spanOf(source: SourceText, name: string): Diagnostic['span'] {
  let last: { offset: number; length: number } | undefined
  for (const match of source.text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=.*$/gm)) {
    if (match[1] !== name) continue
    const offset = match.index + match[0].indexOf(name)
    last = { offset, length: match[0].length - match[0].indexOf(name) }
  }
  return last === undefined ? undefined : source.span(last.offset, last.length)
}
