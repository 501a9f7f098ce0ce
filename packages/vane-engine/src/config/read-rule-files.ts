import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Diagnostic, SourceFile } from 'vane-core'
import { describeIoError, errorCode } from './io-error.ts'
import { readBounded } from './read-bounded.ts'

/** The rule files of a configuration, read. */
export interface ReadRuleFiles {
  /** Sorted by name. */
  readonly files: readonly SourceFile[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Bytes one rule file may have. */
export const MAX_RULE_FILE_BYTES: number = 16 * 1024 * 1024
/** Bytes all rule files may have together. */
export const MAX_RULES_BYTES: number = 64 * 1024 * 1024
/** Rule files a configuration may have. */
export const MAX_RULE_FILES = 4_096

/** Reads `rules/*.json` and `rules/*.jsonc` of a configuration directory once. Subfolders and dot files are ignored. */
export async function readRuleFiles(dir: string): Promise<ReadRuleFiles> {
  const diagnostics: Diagnostic[] = []
  const names = await listRuleFiles(dir, diagnostics)
  const files: SourceFile[] = []
  let bytesLeft = MAX_RULES_BYTES
  for (const name of names) {
    const path = `rules/${name}`
    const maxBytes = Math.min(MAX_RULE_FILE_BYTES, bytesLeft)
    const read = await readBounded(join(dir, 'rules', name), { path, maxBytes })
    if ('problem' in read) {
      diagnostics.push(read.problem)
      continue
    }
    bytesLeft -= read.bytes
    files.push({ path, text: read.text })
  }
  return { files, diagnostics }
}

async function listRuleFiles(dir: string, diagnostics: Diagnostic[]): Promise<string[]> {
  try {
    const entries = await readdir(join(dir, 'rules'), { withFileTypes: true })
    const names = entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && /\.jsonc?$/.test(entry.name))
      .map((entry) => entry.name)
      .toSorted()
    if (names.length > MAX_RULE_FILES) {
      diagnostics.push(error('too-many-files', `there are ${names.length} rule files; the limit is ${MAX_RULE_FILES}`))
      return []
    }
    if (names.length === 0) {
      const suggestion = `write a rule into a file such as ${join(dir, 'rules', '10-app.json')}`
      diagnostics.push(error('no-rules', `there is no rule file in ${join(dir, 'rules')}`, suggestion))
    }
    return names
  } catch (cause) {
    diagnostics.push(await describeMissing(dir, cause))
    return []
  }
}

/** Which of the two directories is missing, and what to create. */
async function describeMissing(dir: string, cause: unknown): Promise<Diagnostic> {
  const rules = join(dir, 'rules')
  if (errorCode(cause) !== 'ENOENT') return error('unreadable-file', `cannot read ${rules}: ${describeIoError(cause)}`)
  try {
    await readdir(dir)
  } catch (dirCause) {
    if (errorCode(dirCause) !== 'ENOENT') {
      return error('unreadable-file', `cannot read the configuration directory ${dir}: ${describeIoError(dirCause)}`)
    }
    const message = `the configuration directory ${dir} does not exist`
    return error('missing-directory', message, `create it, with rules in ${join(rules, '10-app.json')}`)
  }
  const message = `the configuration directory ${dir} has no folder "rules"`
  return error('missing-directory', message, `create ${rules} and write a rule into a file such as 10-app.json`)
}

function error(code: string, message: string, suggestion?: string): Diagnostic {
  return { severity: 'error', code, message, ...(suggestion === undefined ? {} : { suggestion }) }
}
