import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'
import { proxyCases, type Proxy, type ProxySetup } from 'vane-plugin-sdk/tck'
import { freePort, startDaemon, testConfig } from './daemon-process.ts'

/** The daemon as a proxy of the compatibility kit: a process for each plugin. */
const vaned: Proxy = {
  serve: async (component, { chain, onError, upstream }) => {
    const upstreamRequests: string[] = []
    const server = await startUpstream(upstream, upstreamRequests)
    const port = await freePort()
    const config = testConfig(rulesOf({ chain, upstream, ...(onError === undefined ? {} : { onError }) }, port, server))
    mkdirSync(join(config.dir, 'wasm'))
    writeFileSync(join(config.dir, 'wasm/p.wasm'), component)
    config.write('wasm/limits.json', { p: { memory_mb: 4, cpu_ms_per_call: 1000 } })
    const daemon = await startDaemon(config)
    return {
      exchange: (request) => exchange(port, request),
      upstreamRequests,
      close: async () => {
        daemon.kill('SIGKILL')
        await daemon.ended()
        server.close()
      },
    }
  },
}

function rulesOf({ chain, onError }: ProxySetup, port: number, upstream: Server): object {
  const fallback = onError === undefined ? {} : { on_error: { response: onError } }
  return {
    rules: [
      {
        name: 'tck',
        listen: [`127.0.0.1:${port}`],
        middleware_chain: chain.map((name) => ({ use: `p:${name}`, ...fallback })),
        terminate: { type: 'http_proxy', upstream: `127.0.0.1:${(upstream.address() as AddressInfo).port}` },
      },
    ],
  }
}

/** Reads one request a connection, answers as it was told, and closes. */
async function startUpstream(answer: string, requests: string[]): Promise<Server> {
  const server = createServer((socket) => {
    let text = ''
    let isAnswered = false
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      const head = text.indexOf('\r\n\r\n')
      if (head === -1 || isAnswered) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
      if (text.length < head + 4 + length) return
      isAnswered = true
      requests.push(text)
      socket.end(answer, 'latin1')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return server
}

async function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  // A connection that is dropped may be so by a reset.
  socket.on('error', () => {})
  socket.write(request, 'latin1')
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

test.each(proxyCases)('$name: $proves', { timeout: 60_000 }, async ({ run }) => {
  await run(vaned)
})

test('the names of cases are unique', () => {
  const names = proxyCases.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
