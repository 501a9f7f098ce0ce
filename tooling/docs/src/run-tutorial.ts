import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { SymbolicFlowGraph } from 'vane-core'
import { createEngine, loadConfig } from 'vane-engine'
import { run } from '../../../apps/vane/src/run.ts'
import { markOf, type Fence } from './read-fences.ts'

/** Commands of a tutorial and what they print. */
export interface TutorialRun {
  readonly fence: Fence
  /** What the page says. */
  readonly told: string
  readonly actual: string
}

/**
 * Does what a page's reader does: writes its files, each over the one before it, and runs its commands. `vane` runs in this process,
 * as on a terminal without colours; `curl` asks an engine that serves the files.
 */
export async function runTutorial(fences: readonly Fence[]): Promise<TutorialRun[]> {
  const dir = await mkdtemp(join(tmpdir(), 'vane-tutorial-'))
  const runs: TutorialRun[] = []
  try {
    for (const [index, fence] of fences.entries()) {
      if (!fence.marks.includes('tutorial')) continue
      const path = markOf(fence, 'file')
      if (path !== undefined) {
        await mkdir(dirname(join(dir, path)), { recursive: true })
        await writeFile(join(dir, path), fence.text)
        continue
      }
      const parts: string[] = []
      for (const line of fence.text.trimEnd().split('\n')) parts.push(await runLine(line, dir))
      const answer = fences[index + 1]
      runs.push({ fence, told: answer?.language === 'text' ? answer.text : '', actual: parts.join('\n') })
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  return runs
}

async function runLine(line: string, dir: string): Promise<string> {
  const [program, ...args] = wordsOf(line)
  if (program === 'curl') return curl(args, dir)
  if (program !== 'vane') throw new Error(`the tutorial runs ${program ?? 'nothing'}, which only vane and curl are for`)
  const argv = args.map((word) => (word === 'site' ? dir : word))
  const { stdout, stderr } = await run(argv, {
    variables: {},
    terminal: true,
    color: false,
    write: () => Promise.resolve(true),
  })
  return stderr + stdout
}

/** Words as a shell parts them, as far as the page needs it. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}

async function curl(args: readonly string[], dir: string): Promise<string> {
  const { graph } = await loadConfig(dir)
  if (graph === undefined) throw new Error('curl asks for a configuration that does not compile')
  const engine = createEngine()
  try {
    await engine.start(await engine.link(onFreePort(graph)))
    const port = Number(engine.listeners()[0]?.addresses[0]?.split(':').at(-1))
    const url = new URL(args.find((word) => word.startsWith('http'))!)
    const headers = args.flatMap((word, index) => (args[index - 1] === '-H' ? [word.split(': ', 2)] : []))
    const given = Object.fromEntries(headers) as Record<string, string>
    return await ask({ port, path: url.pathname + url.search, headers: given }, args.includes('-i'))
  } finally {
    await engine.close()
  }
}

/** The same listeners on ports that nobody has. */
function onFreePort(graph: SymbolicFlowGraph): SymbolicFlowGraph {
  const address = { kind: 'ip', host: '127.0.0.1', port: 0, family: 4 } as const
  const listeners = Object.entries(graph.meta.listeners).map(([key, meta]) => [key, { ...meta, address }] as const)
  return { ...graph, meta: { ...graph.meta, listeners: Object.fromEntries(listeners) } }
}

/** Fields that say when and how something was sent rather than what. */
const CHANGING_FIELDS: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive', 'content-length'])

/** The body, and before it the head if that is asked for, without what changes from run to run. */
function ask(
  target: { readonly port: number; readonly path: string; readonly headers: Readonly<Record<string, string>> },
  isWhole: boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', agent: false, ...target }, (response) => {
      const { statusCode, statusMessage, rawHeaders } = response
      let text = isWhole ? `HTTP/1.1 ${statusCode} ${statusMessage}\n` : ''
      for (let at = 0; isWhole && at < rawHeaders.length; at += 2) {
        const name = rawHeaders[at]!.toLowerCase()
        if (!CHANGING_FIELDS.has(name)) text += `${name}: ${rawHeaders[at + 1]}\n`
      }
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text))
    })
    sent.on('error', reject)
    sent.end()
  })
}
