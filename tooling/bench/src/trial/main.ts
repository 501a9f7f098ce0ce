import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { createChildGroup } from '../process/child-group.ts'
import { findProgram } from '../process/find-program.ts'
import { brokenPeers } from './broken-peers.ts'
import { largeBodies } from './large-bodies.ts'
import { loadWithReload } from './load-with-reload.ts'
import { swapUnderLoad } from './swap-under-load.ts'
import type { Trial } from './trial.ts'

const TRIALS: readonly Trial[] = [brokenPeers, largeBodies, loadWithReload, swapUnderLoad]
const PLUGIN = resolve(import.meta.dirname, '../../../../examples/plugins/dist/hello-ts.wasm')

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    gib: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) {
  console.log(`Tries the built daemon with real peers: nginx, wrk, curl, and peers that misbehave.

  --seconds N  how long load is applied (30)
  --gib N      size of large bodies in GiB (1)`)
} else {
  process.exitCode = await runTrials()
}

async function runTrials(): Promise<number> {
  let failed = 0
  for (const trial of TRIALS) {
    const missing = trial.needs.filter((program) => findProgram(program) === undefined)
    if (missing.length > 0) {
      console.log(`${styleText('yellow', 'skipped')} ${trial.name}: install ${missing.join(', ')}`)
      continue
    }
    console.log(`${styleText('dim', 'trying')}  ${trial.name}`)
    const folder = await mkdtemp(join(tmpdir(), 'vane-trial-'))
    const children = createChildGroup()
    try {
      const site = {
        folder,
        children,
        seconds: Number(options.seconds),
        bodyBytes: Number(options.gib) * 2 ** 30,
        plugin: PLUGIN,
      }
      for (const line of await trial.run(site)) console.log(`        ${line}`)
      console.log(`${styleText('green', 'passed')}  ${trial.name}`)
    } catch (error) {
      failed++
      console.log(
        `${styleText('red', 'FAILED')}  ${trial.name}: ${error instanceof Error ? error.message : String(error)}`,
      )
    } finally {
      await children.stop()
      await rm(folder, { recursive: true, force: true })
    }
  }
  return failed === 0 ? 0 : 1
}
