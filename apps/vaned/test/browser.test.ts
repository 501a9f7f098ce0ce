import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { issueCertificate } from 'vane-testkit'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { BROWSER, openPage } from './browser.ts'
import { freePort, startDaemon, testConfig } from './daemon-process.ts'

const PAGE = readFileSync(new URL('browser-page.html', import.meta.url))
const DOWNLOAD_BYTES = 8 << 20
// A browser takes seconds to start where the machine has other things to do.
const DEADLINE = { timeout: 90_000 }
const CERTIFICATE = issueCertificate({ ipAddresses: ['127.0.0.1'] })

/** The site behind the proxy. */
interface Site {
  readonly port: number
  /** What the page has told; `undefined` until it has. */
  report: unknown
  /** Called when the page asks for a reload. */
  onReload: () => Promise<unknown>
  /** WebSockets asked for, by their `Upgrade` and version of HTTP. */
  readonly asked: string[]
  /** How those have ended that said they were the last. */
  readonly ended: number[]
}

async function startSite(): Promise<Site> {
  const site: Site = { port: 0, report: undefined, onReload: () => Promise.resolve(), asked: [], ended: [] }
  const http = createServer((req, res) => void serve(site, req, res))
  const sockets = new WebSocketServer({
    server: http,
    perMessageDeflate: true,
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  })
  sockets.on('connection', (socket, request) => {
    site.asked.push(`${String(request.headers.upgrade)} ${request.httpVersion}`)
    if (request.url === '/ws?close') socket.close(4001, 'told to')
    socket.on('message', (data: Buffer, isBinary) => {
      const text = isBinary ? '' : data.toString()
      if (text === 'last') socket.once('close', (code) => site.ended.push(code))
      if (text === 'reload') void site.onReload().then(() => socket.send('reloaded'))
      else socket.send(data, { binary: isBinary })
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
    http.closeAllConnections()
    http.close()
  })
  return Object.assign(site, { port: (http.address() as AddressInfo).port })
}

async function serve(site: Site, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = new URL(req.url ?? '', 'http://a').pathname
  if (path === '/') res.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE)
  else if (path === '/echo' && req.method === 'GET') res.end(req.url)
  else if (path === '/echo') req.pipe(res)
  else if (path === '/download') res.end(Buffer.alloc(DOWNLOAD_BYTES))
  else if (path === '/report') {
    site.report = JSON.parse((await buffer(req)).toString())
    res.end()
  } else res.writeHead(404).end()
}

describe.skipIf(BROWSER === undefined)(
  `a page in Chromium${BROWSER === undefined ? ': not run, there is no `chromium`' : ''}`,
  () => {
    test.each([
      ['http', undefined, ['http/1.1']],
      ['https', { cert_file: 'site.pem', key_file: 'site.key' }, ['h2']],
    ])('loads, uploads, downloads and keeps its WebSockets by %s', DEADLINE, async (scheme, tls, protocols) => {
      const site = await startSite()
      const port = await freePort()
      const rules = (idle: string): object => ({
        rules: [
          {
            preset: 'reverse_proxy',
            name: 'site',
            listen: [`127.0.0.1:${port}`],
            tls,
            args: { upstream: `127.0.0.1:${site.port}`, websocket: ['/ws'], timeouts: { idle } },
          },
        ],
      })
      const config = testConfig(rules('60s'))
      config.write('site.pem', CERTIFICATE.chain)
      config.write('site.key', CERTIFICATE.key)
      const daemon = await startDaemon(config, { VANE_DRAIN_TIMEOUT_SECS: '1' })
      site.onReload = () => {
        config.write('rules/test.json', rules('50s'))
        return daemon.client.call('reload')
      }
      openPage(`${scheme}://127.0.0.1:${port}/`, CERTIFICATE.cert)
      await vi.waitFor(() => expect(site.report).toBeDefined(), DEADLINE)
      expect(site.report).toEqual({
        protocol: 'chat',
        extensions: 'permessage-deflate',
        text: 'text: äöü €',
        isLargeSame: true,
        isInOrder: true,
        reloaded: 'reloaded',
        afterReload: 'after the reload',
        closed: { code: 4321, reason: 'enough', wasClean: true },
        closedByUpstream: { code: 4001, reason: 'told to', wasClean: true },
        refused: 'refused',
        isUploadSame: true,
        downloaded: DOWNLOAD_BYTES,
        isEachAnswered: true,
        ...(scheme === 'https' ? { streamed: 300_000 } : {}),
        protocols,
      })
      // On connections of HTTP/1.1 of their own, whatever else the listener offers.
      expect(new Set(site.asked)).toEqual(new Set(['websocket 1.1']))
      await vi.waitFor(async () => {
        const { upstreams } = await daemon.client.call('get_upstreams')
        expect(upstreams.map(({ tunnels }) => tunnels)).toContain(1)
      }, DEADLINE)
      const { requests, errors } = await daemon.client.call('stats')
      expect(requests).toMatchObject({ tunnels: 1, by_status: { '5xx': 0 } })
      expect(errors).toMatchObject({ upstream: 0, internal: 0, timeout: 0 })

      // The page does not let go of its last one.
      daemon.kill('SIGTERM')
      expect(await daemon.ended()).toEqual({ code: 0, signal: null })
      await vi.waitFor(() => expect(site.ended).toEqual([1006]), DEADLINE)
    })
  },
)
