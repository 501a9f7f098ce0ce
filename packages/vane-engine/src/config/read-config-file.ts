import { join } from 'node:path'
import {
  decodeObject,
  decodeText,
  jsonTypeName,
  optional,
  parseJsonTree,
  ProblemSink,
  SourceText,
  type Decode,
  type Diagnostic,
  type Fields,
  type JsonNode,
  type SourceSpan,
} from 'vane-core'
import { readBounded } from './read-bounded.ts'
import type { SettingJson } from './setting-parsers.ts'
import { configKey, SECURITY_VARIABLES, VARIABLES, type Variable } from './variables.ts'

/** A setting as `config.json` has it. */
export interface WrittenSetting {
  /** As the environment would have it. */
  readonly text: string
  readonly span: SourceSpan
}

/** What `config.json` says, by the names of the variables it stands for. */
export interface ReadConfigFile {
  readonly settings: ReadonlyMap<string, WrittenSetting>
  /** `undefined` where there is no file. */
  readonly text: string | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** The file's name, below the configuration directory. */
export const CONFIG_FILE = 'config.json'
const MAX_CONFIG_BYTES = 1_048_576

/**
 * Reads `config.json`: daemon settings under the names of their variables, in lower case and without `VANE_`, those of the
 * security floor inside `security`. No file is no settings.
 */
export async function readConfigFile(dir: string): Promise<ReadConfigFile> {
  const read = await readBounded(join(dir, CONFIG_FILE), { path: CONFIG_FILE, maxBytes: MAX_CONFIG_BYTES })
  if ('problem' in read) {
    return { settings: new Map(), text: undefined, diagnostics: read.isAbsent ? [] : [read.problem] }
  }
  return { ...parseConfigFile(read.text), text: read.text }
}

/** {@link readConfigFile} for a text. */
export function parseConfigFile(text: string): Omit<ReadConfigFile, 'text'> {
  const settings = new Map<string, WrittenSetting>()
  const sink = new ProblemSink(new SourceText({ path: CONFIG_FILE, text }))
  const root = parseJsonTree(sink)
  if (root !== undefined) {
    decodeObject('config.json', {
      $schema: optional(decodeText('the address of a schema')),
      ...fieldsOf(VARIABLES, settings),
      security: optional(decodeObject('security', fieldsOf(SECURITY_VARIABLES, settings))),
    })(root, sink)
  }
  return { settings, diagnostics: sink.diagnostics }
}

function fieldsOf(variables: Readonly<Record<string, Variable<unknown>>>, into: Map<string, WrittenSetting>): Fields {
  return Object.fromEntries(
    Object.values(variables).map((variable) => [configKey(variable), optional(decodeSetting(variable, into))]),
  )
}

/** Puts a setting's text where it is asked for, so that one parser decides for every place a setting may come from. */
function decodeSetting(variable: Variable<unknown>, into: Map<string, WrittenSetting>): Decode<true> {
  const { name, parser, isSecret } = variable
  const key = configKey(variable)
  return (node, sink) => {
    const text = toSettingText(node, parser.json)
    if (isSecret === true) {
      const message = `"${key}" is a secret, which ${CONFIG_FILE} is not the place for`
      sink.at(node, { code: 'unknown-key', message, suggestion: `set ${name} in the environment or in .env` })
    } else if (text === undefined) {
      const expected = parser.json.map((type) => (type === 'null' ? 'null' : `a ${type}`)).join(' or ')
      sink.at(node, { code: 'wrong-type', message: `${key} is ${expected}, not ${jsonTypeName(node)}`, expected })
    } else {
      const parsed = parser.parse(text)
      if ('value' in parsed) into.set(name, { text, span: sink.span(node) })
      else sink.at(node, { code: parsed.problem.code, message: `${key} ${parsed.problem.message}` })
    }
    return true
  }
}

function toSettingText(node: JsonNode, types: readonly SettingJson[]): string | undefined {
  if (!types.some((type) => type === node.type)) return undefined
  switch (node.type) {
    case 'null':
      return ''
    case 'boolean':
      return node.value === true ? '1' : '0'
    case 'number':
    case 'string':
      return String(node.value)
    default:
      return undefined
  }
}
