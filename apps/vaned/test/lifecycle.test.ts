import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { freePort, proxyRules, runToEnd, startDaemon, staticRules, testConfig, variablesOf } from './daemon-process.ts'

/** An upstream whose answers the test finishes by hand. */
async function slowUpstream(): Promise<{ port: number; requests: ServerResponse[] }> {
  const requests: ServerResponse[] = []
  const server = createServer((_, response) => {
    response.write('begun ')
    requests.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(true))
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}

describe('a running daemon', () => {
  it('serves, and says where, in JSON lines', async () => {
    const port = await freePort()
    const daemon = await startDaemon(testConfig(staticRules(port, 'here')))
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here')
    expect(await daemon.logged(/^listening on/)).toMatchObject({ level: 30, msg: `listening on 127.0.0.1:${port}` })
    expect(await daemon.logged(/is ready$/)).toMatchObject({ features: ['cgi', 'wasm'], pid: daemon.child.pid })
  })

  it('on SIGTERM refuses new connections, finishes the request in flight and ends with 0', async () => {
    const [port, upstream] = await Promise.all([freePort(), slowUpstream()])
    const config = testConfig(proxyRules(port, upstream.port))
    const daemon = await startDaemon(config)
    const response = await fetch(`http://127.0.0.1:${port}/`)
    const body = response.text()
    daemon.kill('SIGTERM')
    await daemon.logged(/^draining/)
    await vi.waitUntil(() => isRefused(port), { timeout: 5_000 })
    expect(await daemon.client.call('ping')).toMatchObject({ state: 'draining' })
    await expect(daemon.client.call('reload')).rejects.toThrow('the daemon is ending')
    upstream.requests[0]!.end('and finished')
    expect(await body).toBe('begun and finished')
    expect(await daemon.ended()).toEqual({ code: 0, signal: null })
    expect(existsSync(config.socketPath)).toBe(false)
  })

  it('on a second SIGTERM cuts what is in flight', async () => {
    const [port, upstream] = await Promise.all([freePort(), slowUpstream()])
    const daemon = await startDaemon(testConfig(proxyRules(port, upstream.port)))
    const body = (await fetch(`http://127.0.0.1:${port}/`)).text()
    const cut = expect(body).rejects.toThrow('terminated')
    daemon.kill('SIGTERM')
    await daemon.logged(/^draining/)
    daemon.kill('SIGTERM')
    expect(await daemon.ended()).toEqual({ code: 0, signal: null })
    await cut
  })

  it('cuts what has not finished when the drain timeout is over', async () => {
    const [port, upstream] = await Promise.all([freePort(), slowUpstream()])
    const daemon = await startDaemon(testConfig(proxyRules(port, upstream.port)), { VANE_DRAIN_TIMEOUT_SECS: '1' })
    const body = (await fetch(`http://127.0.0.1:${port}/`)).text()
    const cut = expect(body).rejects.toThrow('terminated')
    daemon.kill('SIGTERM')
    expect(await daemon.ended()).toEqual({ code: 0, signal: null })
    await cut
    expect(daemon.log.map(({ msg }) => msg)).toContain('cut connections that did not finish in time')
  })

  it('on SIGINT ends now, with 0, and takes its socket away', async () => {
    const [port, upstream] = await Promise.all([freePort(), slowUpstream()])
    const config = testConfig(proxyRules(port, upstream.port))
    const daemon = await startDaemon(config)
    const body = (await fetch(`http://127.0.0.1:${port}/`)).text()
    const cut = expect(body).rejects.toThrow('terminated')
    daemon.kill('SIGINT')
    expect(await daemon.ended()).toEqual({ code: 0, signal: null })
    await cut
    expect(readdirSync(dirname(config.socketPath)).filter((name) => name.endsWith('.sock'))).toEqual([])
    expect(daemon.log.map(({ msg }) => msg)).toContain('ended')
  })

  it('ends on the verb shutdown, which is answered first', async () => {
    const daemon = await startDaemon(testConfig(staticRules(await freePort(), '')))
    expect(await daemon.client.call('shutdown', { timeout_secs: 5 })).toEqual({ timeout_secs: 5 })
    expect(await daemon.ended()).toEqual({ code: 0, signal: null })
  })

  it('takes over from one that was killed, and lets a live one be', async () => {
    const port = await freePort()
    const config = testConfig(staticRules(port, 'first'))
    const first = await startDaemon(config)
    first.kill('SIGKILL')
    await first.ended()
    expect(existsSync(config.socketPath)).toBe(true)

    const second = await startDaemon(config)
    expect(await second.client.call('ping')).toMatchObject({ pid: second.child.pid })

    config.write('rules/test.json', staticRules(await freePort(), 'third'))
    const third = await runToEnd(['--config', config.dir], { env: variablesOf(config) })
    expect(third).toMatchObject({
      code: 1,
      stderr: `vaned: another daemon answers on ${config.socketPath}; stop it or choose another path\n`,
    })
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('first')
  })
})
