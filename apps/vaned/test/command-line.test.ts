import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort, preload, runToEnd, startDaemon, staticRules, testConfig, variablesOf } from './daemon-process.ts'

const BROKEN =
  '{\n  "rules": [\n    { "name": "a", "listne": ["127.0.0.1:8080"], "terminate": { "type": "close" } }\n  ]\n}\n'

describe('vaned', () => {
  it('prints help and version', async () => {
    expect(await runToEnd(['--help'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('usage: vaned --config DIR') as string,
    })
    const version = await runToEnd(['--version', '--features', '-wasm'])
    expect(version.stdout).toMatch(
      /^vaned \d+\.\d+\.\d+ \(node \d+\.\d+\.\d+\)\nfeatures:\n {2}cgi {3}on\b.*\n {2}wasm {2}off {2}switched off by --features\n$/,
    )
    expect(version.code).toBe(0)
    expect((await runToEnd(['--version'])).stdout).toMatch(/wasm {2}on /)
  })

  it('ends with 2 and a suggestion on an unknown option or feature', async () => {
    expect(await runToEnd(['--confg', 'x'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'vaned: unknown option --confg; did you mean --config?\nvaned --help lists the options\n',
    })
    const config = testConfig()
    expect(await runToEnd(['--config', config.dir, '--features', 'wsam'], { env: variablesOf(config) })).toMatchObject({
      code: 2,
      stderr: 'vaned: --features: unknown feature "wsam"; did you mean "wasm"?\n',
    })
  })

  it('says so on a Node that is too old', async () => {
    const pretend = preload(`Object.defineProperty(process.versions, 'node', { value: '20.1.0' })`)
    const ended = await runToEnd(['--help'], { nodeArgs: pretend })
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toMatch(
      /^vaned needs Node\.js 24 or newer, and this is 20\.1\.0 \(.+\); install a newer one and start again\n$/,
    )
  })

  it('ends with 1 and every problem, placed, on a configuration that does not compile', async () => {
    const config = testConfig(BROKEN)
    const ended = await runToEnd(['--config', config.dir], { env: variablesOf(config) })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(`the configuration in ${config.dir} cannot be served`)
    expect(ended.stderr).toContain('rules/test.json:3:20')
    expect(ended.stderr).toContain('did you mean "listen"?')
    expect(ended.stderr).toContain('^^^^^^^^')
  })

  it('ends with 1 on a configuration directory that does not exist', async () => {
    const config = testConfig()
    const ended = await runToEnd(['--config', join(config.dir, 'no')], { env: variablesOf(config) })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(join(config.dir, 'no'))
    expect(ended.stderr).not.toContain('    at ')
  })

  it('ends with 1 on a variable that cannot be, in .env or the environment', async () => {
    const config = testConfig(staticRules(await freePort(), ''))
    config.write('.env', 'VANE_DRAIN_TIMEOUT_SECS=soon\n')
    const ended = await runToEnd(['--config', config.dir, '--check'], {
      env: variablesOf(config, { VANE_LOG_LEVEL: 'loud' }),
    })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('VANE_LOG_LEVEL')
    expect(ended.stderr).toContain('VANE_DRAIN_TIMEOUT_SECS')
    expect(ended.stderr).toContain('.env:1:1')
  })

  it('checks a configuration without binding it', async () => {
    const busy = createServer()
    busy.listen(0, '127.0.0.1')
    await once(busy, 'listening')
    onTestFinished(() => void busy.close())
    const { port } = busy.address() as AddressInfo
    const good = testConfig(staticRules(port, 'x'))
    expect(await runToEnd(['--config', good.dir, '--check'], { env: variablesOf(good) })).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/ is good: 1 rule file, listener tcp:127\.0\.0\.1:\d+\n$/) as string,
    })
    const bad = testConfig(BROKEN)
    const ended = await runToEnd(['--check', '--config', bad.dir], { env: variablesOf(bad) })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('rules/test.json:3:20')
  })

  it('checks and starts where no name of an upstream can be resolved, and asks for none of them', async () => {
    const asked: Buffer[] = []
    const silent = createSocket('udp4', (message) => void asked.push(message))
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const proxy = { type: 'http_proxy', upstream: 'no-such-name.invalid:80' }
    const dns = { nameservers: [`127.0.0.1:${silent.address().port}`] }
    const port = await freePort()
    const rule = (name: string, terminate: object): object => ({ name, listen: [`127.0.0.1:${port}`], terminate })
    const rules = [rule('a', { ...proxy, dns }), { ...rule('b', proxy), match: { 'http.uri.path': { equals: '/b' } } }]
    const config = testConfig({ rules })
    expect(await runToEnd(['--config', config.dir, '--check'], { env: variablesOf(config) })).toMatchObject({ code: 0 })
    const { client } = await startDaemon(config)
    config.write('rules/test.json', { rules: rules.slice(0, 1) })
    expect(await client.call('reload')).toMatchObject({ status: 'swapped' })
    expect(asked).toEqual([])
  })

  it('ends with 1 and a sentence when its port is in use', async () => {
    const busy = createServer()
    busy.listen(0, '127.0.0.1')
    await once(busy, 'listening')
    onTestFinished(() => void busy.close())
    const { port } = busy.address() as AddressInfo
    const config = testConfig(staticRules(port, 'x'))
    const ended = await runToEnd(['--config', config.dir], { env: variablesOf(config) })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(`127.0.0.1:${port}`)
    expect(ended.stderr).toMatch(/in use/)
    expect(ended.stderr).not.toContain('    at ')
  })
})
