import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { findProgram } from '../process/find-program.ts'
import { startDaemon } from './daemon.ts'
import { expect, type Trial } from './trial.ts'

const CHUNK = Buffer.alloc(64 * 1024, 'v')
/** By how much the memory may differ between bodies and one four times as large. */
const MAX_GROWTH_MIB = 48
/** Small bodies that go first: as many bytes as the large one has, so that its size is all that differs. */
const SMALL_BODIES = 4

/** Chunked bodies of any size, up and down, in memory that does not grow with them. */
export const largeBodies: Trial = {
  name: 'large chunked bodies, both ways',
  needs: ['curl', 'sh'],
  async run({ folder, children, bodyBytes }) {
    const upstream = createServer((request, response) => {
      if (request.method === 'GET') void sendBytes(response, Number(request.url?.slice(1)) || 1)
      else countBytes(request, response)
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const upstreamPort = (upstream.address() as AddressInfo).port
    const daemon = await startDaemon({
      folder,
      children,
      rules: (port) => ({
        rules: [
          {
            name: 'trial',
            listen: [`127.0.0.1:${port}`],
            terminate: { type: 'http_proxy', upstream: `127.0.0.1:${upstreamPort}` },
          },
        ],
      }),
    })
    try {
      const curl = findProgram('curl') ?? 'curl'
      const lines: string[] = []
      const measure = async (what: string, transfer: (bytes: number) => string): Promise<void> => {
        // The collector lets garbage stand up to some level before it runs; flat means that level does not rise with the body.
        const smallBytes = bodyBytes / SMALL_BODIES
        let level = 0
        for (let i = 0; i < SMALL_BODIES; i++)
          level = Math.max(level, await peakDuring(transfer(smallBytes), smallBytes))
        const started = performance.now()
        const peak = await peakDuring(transfer(bodyBytes), bodyBytes)
        const seconds = (performance.now() - started) / 1000
        const grown = peak - level
        expect(
          grown <= MAX_GROWTH_MIB,
          `${what}: memory grew by ${grown.toFixed(0)} MiB with a body four times as large`,
        )
        const mib = (bodyBytes / 1024 / 1024).toFixed(0)
        lines.push(
          `${what}: ${mib} MiB in ${seconds.toFixed(1)} s, memory at most ${peak.toFixed(0)} MiB, ${level.toFixed(0)} with a quarter of it`,
        )
      }
      const peakDuring = async (script: string, bytes: number): Promise<number> => {
        let peak = await daemon.rssMiB()
        const child = await children.start({ command: 'sh', args: ['-c', script] })
        let isOver = false
        void child.ended.then(() => (isOver = true))
        while (!isOver) {
          peak = Math.max(peak, await daemon.rssMiB())
          await Promise.race([delay(100), child.ended])
        }
        const code = await child.ended
        const seen = child.output().trim()
        expect(code === 0 && seen === String(bytes), `curl ended with ${code} after ${seen} of ${bytes} bytes`)
        return peak
      }
      await measure('download', (bytes) => `${curl} -sS -o /dev/null -w '%{size_download}' ${daemon.url}/${bytes}`)
      await measure('upload', (bytes) => `head -c ${bytes} /dev/zero | ${curl} -sS -T - -H 'Expect:' ${daemon.url}/`)
      return lines
    } finally {
      upstream.closeAllConnections()
      upstream.close()
    }
  },
}

async function sendBytes(response: ServerResponse, bytes: number): Promise<void> {
  const chunks = function* (): Generator<Buffer> {
    for (let left = bytes; left > 0; left -= CHUNK.length) yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
  }
  // A client that goes away ends the download; whether it may is the trial's to say.
  await pipeline(Readable.from(chunks()), response).catch(() => {})
}

function countBytes(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => (bytes += chunk.length))
  request.on('end', () => response.end(String(bytes)))
}
