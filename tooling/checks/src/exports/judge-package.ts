import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { judgeContents } from './judge-contents.ts'
import type { PackedPackage } from './pack-package.ts'
import { CommandError, runCommand } from './run-command.ts'

const require = createRequire(import.meta.url)

/** Says everything that is wrong with a packed package: nothing, if publint, attw and our own look have no complaint. */
export async function judgePackage(packed: PackedPackage): Promise<string[]> {
  return [
    ...judgeContents(packed.contents, packed.manifest),
    ...(await judgeByPublint(packed)),
    ...(await judgeByAttw(packed)),
  ]
}

async function judgeByPublint({ contents, manifest }: PackedPackage): Promise<string[]> {
  const { messages } = await publint({ pkgDir: contents, strict: true, level: 'suggestion', pack: false })
  return messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false }) ?? message.code}`)
}

/**
 * The packages are ESM only and need a Node that can require ESM, so attw is asked not to complain about `node10`
 * resolution, which knows no `exports`, and CommonJS, which sees the same types through `require(esm)`.
 */
async function judgeByAttw({ tarball, manifest }: PackedPackage): Promise<string[]> {
  const entries = Object.keys(manifest['exports'] ?? {}).filter((key) => key !== './package.json')
  if (entries.length === 0) return []
  const cli = require.resolve('@arethetypeswrong/cli/package.json')
  const { bin } = require(cli) as { bin: { attw: string } }
  const args = [
    join(dirname(cli), bin.attw),
    tarball,
    '--profile',
    'esm-only',
    '--no-color',
    '--no-emoji',
    '--format',
    'ascii',
  ]
  try {
    await runCommand(process.execPath, args, { cwd: dirname(tarball) })
    return []
  } catch (error) {
    if (error instanceof CommandError) return isAboutNode10Alone(error.message) ? [] : [`attw: ${error.message}`]
    throw error
  }
}

const JUDGED_LINE = /^(?:node16 \(from ESM\)|bundler): (.*)$/gm

/**
 * An entry point that names its own package is one that `node10` does not find, and attw's exit code counts that though the
 * profile leaves `node10` out. What it says of the resolutions that count is what to go by.
 */
function isAboutNode10Alone(output: string): boolean {
  const verdicts = [...output.matchAll(JUDGED_LINE)].map(([, verdict = '']) => verdict)
  return verdicts.length > 0 && verdicts.every((verdict) => verdict.startsWith('OK') || verdict === '(wildcard)')
}
