import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { watPlugin } from '../../../fixtures/src/index.ts'
import { findProgram } from '../process/find-program.ts'
import { startDaemon } from './daemon.ts'
import { expect, type Trial } from './trial.ts'

const CONNECTIONS = 32
/** Longer than the daemon waits for files to be quiet, so that every swap is one. */
const SWAP_EVERY_MS = 700

/** wrk in front of a plugin that answers, whose file is replaced over and over, now and then with other metadata. */
export const swapUnderLoad: Trial = {
  name: 'a plugin swapped under load',
  needs: ['wrk'],
  async run({ folder, children, seconds }) {
    const plugin = join(folder, 'swapped.wasm')
    await writeFile(plugin, await versionOf(0))
    const daemon = await startDaemon({
      folder,
      children,
      plugins: [plugin],
      rules: (port) => ({
        rules: [
          {
            name: 'trial',
            listen: [`127.0.0.1:${port}`],
            middleware_chain: [{ use: 'swapped:x' }],
            terminate: { type: 'static', status: 500 },
          },
        ],
      }),
    })
    const answer = async (): Promise<string> => (await fetch(`${daemon.url}/`)).text()
    const wrk = await children.start({
      command: findProgram('wrk') ?? 'wrk',
      args: ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', `${daemon.url}/`],
    })
    let isOver = false
    void wrk.ended.then(() => (isOver = true))
    const seen = new Set<string>()
    let version = 0
    while (!isOver) {
      await writeFile(plugin, await versionOf(++version))
      await rename(plugin, join(folder, 'config/wasm/swapped.wasm'))
      await Promise.race([delay(SWAP_EVERY_MS), wrk.ended])
      seen.add(await answer())
    }
    const report = wrk.output()
    const requests = Number(/(\d+) requests in/.exec(report)?.[1] ?? 0)
    expect(requests > 0, `wrk made no requests:\n${report}`)
    const failures = /Socket errors:.*|Non-2xx or 3xx responses:.*/.exec(report)?.[0]
    expect(failures === undefined, `requests failed: ${failures}`)
    expect(seen.size > version / 2, `of ${version} versions only ${seen.size} were seen to serve`)
    return [
      `${requests} requests over ${CONNECTIONS} connections in ${seconds} s, none failed`,
      `${version} versions of the plugin, ${seen.size} of them seen by one more request after each`,
    ]
  },
}

/** Every third one has other metadata than the one before. */
async function versionOf(number: number): Promise<Uint8Array> {
  return await watPlugin({
    metadata: { exports: [{ name: 'x', kind: 'l7-request', stateless: Math.floor(number / 3) % 2 === 0 }] },
    handlers: { 'l7-request': { answer: 'short', body: `version ${number}` } },
  })
}
