import { describe, expect, it } from 'vitest'
import { freePort, preload, runToEnd, startDaemon, staticRules, testConfig, variablesOf } from './daemon-process.ts'

/** As if the optional package had not been installed. */
const WITHOUT_WASM = preload(`
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'vane-wasm') return next(specifier, context)
      throw Object.assign(new Error("Cannot find package 'vane-wasm' imported from " + context.parentURL), { code: 'ERR_MODULE_NOT_FOUND' })
    },
  })
`)

function pluginRules(port: number): object {
  return {
    rules: [
      {
        name: 'a',
        listen: [`127.0.0.1:${port}`],
        middleware_chain: [{ use: 'hello:greet' }],
        terminate: { type: 'static', status: 200 },
      },
    ],
  }
}

describe('without the package vane-wasm', () => {
  it('serves everything else, with the feature off', async () => {
    const port = await freePort()
    const { client } = await startDaemon(testConfig(staticRules(port, 'here')), {}, WITHOUT_WASM)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here')
    expect((await client.call('stats')).features).toContainEqual({
      name: 'wasm',
      on: false,
      reason: 'the package vane-wasm is not installed',
    })
    expect(await client.call('get_pools')).toMatchObject({ wasm: [] })
  })

  it('says so in --version and where a rule names a plugin', async () => {
    const version = await runToEnd(['--version'], { nodeArgs: WITHOUT_WASM })
    expect(version.stdout).toMatch(/wasm {2}off .*\(the package vane-wasm is not installed\)\n$/)
    const config = testConfig(pluginRules(await freePort()))
    const ended = await runToEnd(['--config', config.dir], { env: variablesOf(config), nodeArgs: WITHOUT_WASM })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('note: the feature "wasm" is off: the package vane-wasm is not installed')
  })
})

describe('with the feature switched off', () => {
  it('names the feature that a rule with a plugin needs, and where the rule is', async () => {
    const config = testConfig(pluginRules(await freePort()))
    const ended = await runToEnd(['--config', config.dir, '--features', '-wasm'], { env: variablesOf(config) })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/rules\/test\.json:1:\d+/)
    expect(ended.stderr).toContain('note: the feature "wasm" is off: switched off by --features')
  })

  it('obeys VANE_FEATURES from .env', async () => {
    const config = testConfig(staticRules(await freePort(), ''))
    config.write('.env', 'VANE_FEATURES=-wasm\n')
    const { client } = await startDaemon(config)
    expect((await client.call('stats')).features).toContainEqual({
      name: 'wasm',
      on: false,
      reason: 'switched off by VANE_FEATURES',
    })
  })
})
