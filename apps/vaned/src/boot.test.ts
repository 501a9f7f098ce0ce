import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SILENT_LOGGER, VaneError, type Diagnostic, type SymbolicFlowGraph } from 'vane-core'
import type { Engine, LinkedGraph, LoadedConfig } from 'vane-engine'
import { createMgmtServer } from 'vane-mgmt'
import { describe, expect, it, onTestFinished } from 'vitest'
import { boot, check } from './boot.ts'
import type { FeatureSpec } from './features.ts'
import type { BootDependencies, BootOptions } from './open-parts.ts'

interface Scene {
  readonly options: BootOptions
  readonly dependencies: BootDependencies
  /** What was done, in order. */
  readonly steps: string[]
  readonly socketPath: string
  /** What the next `loadConfig` finds. */
  config: Partial<LoadedConfig>
  /** Makes the named step fail. */
  failing: string | undefined
}

function graph(versionHash: string): SymbolicFlowGraph {
  return { meta: { versionHash, sourceFiles: ['rules/a.json'], listeners: {} } } as unknown as SymbolicFlowGraph
}

function scene(): Scene {
  const dir = mkdtempSync(join(tmpdir(), 'vaned-boot-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const steps: string[] = []
  const socketPath = join(dir, 'vaned.sock')
  const step = (name: string): void => {
    steps.push(name)
    if (made.failing === name) throw new VaneError({ kind: 'io' }, `${name} failed`)
  }
  const engine = {
    link: async (linked: SymbolicFlowGraph) => {
      step('link')
      return {
        versionHash: linked.meta.versionHash,
        filesDigest: '',
        warnings: [],
        dispose: () => step('dispose'),
      } as unknown as LinkedGraph
    },
    hashFiles: async () => '',
    start: async () => step('bind'),
    swap: async () => step('swap'),
    stats: () => ({ versionHash: 'one' }),
    listeners: () => [],
    drain: async () => (step('drain'), { forcedConnections: 0 }),
    close: async () => step('close engine'),
  } as unknown as Engine
  const wasm: FeatureSpec = {
    name: 'wasm',
    summary: '',
    packageName: 'vane-wasm',
    load: async () => ({ open: async () => (step('open wasm'), { close: async () => step('close wasm') }) }),
  }
  const made: Scene = {
    steps,
    socketPath,
    config: { graph: graph('one') },
    failing: undefined,
    options: { configDir: dir, features: undefined, version: '1.2.3' },
    dependencies: {
      variables: {},
      features: [wasm],
      createLogger: async () => (step('logger'), { logger: SILENT_LOGGER, flush: () => step('flush log') }),
      loadSettings: async () => {
        step('environment')
        return { settings: { stateDir: dir, drainTimeoutSecs: 3, security: {} }, diagnostics: [] } as never
      },
      loadConfig: async () => {
        step('config')
        return {
          graph: undefined,
          rules: [],
          assumedPlugins: [],
          diagnostics: [],
          sources: new Map(),
          ...made.config,
        }
      },
      createEngine: () => (step('engine'), engine),
      createMgmtServer: (options) => {
        const server = createMgmtServer(options)
        return { ...server, listen: () => (step('management'), server.listen()) }
      },
      color: false,
    },
  }
  return made
}

const SYNTAX_ERROR: Diagnostic = {
  severity: 'error',
  code: 'syntax-error',
  message: 'the text is not JSON',
  span: { file: 'rules/a.json', offset: 2, length: 1, line: 1, column: 3 },
}

const START = ['environment', 'logger', 'open wasm', 'engine', 'config', 'link', 'bind', 'management']

describe('boot', () => {
  it('takes its steps in order, and leaves everything open', async () => {
    const { options, dependencies, steps } = scene()
    const daemon = await boot(options, dependencies)
    expect(steps).toEqual(START)
    daemon.shutdown.now()
    expect(await daemon.shutdown.ended).toBe(0)
    expect(steps).toEqual([...START, 'close engine', 'close wasm'])
  })

  it.each(['open wasm', 'config', 'link', 'bind', 'management'])(
    'closes what was open when "%s" fails',
    async (failing) => {
      const made = scene()
      made.failing = failing
      await expect(boot(made.options, made.dependencies)).rejects.toThrow(`${failing} failed`)
      const reached = START.slice(0, START.indexOf(failing) + 1)
      const closing = ['close engine', 'close wasm', 'flush log']
      expect(made.steps).toEqual([...reached, ...(failing === 'open wasm' ? ['flush log'] : closing)])
    },
  )

  it('prints the diagnostics of a bad configuration with their code frames, and binds nothing', async () => {
    const made = scene()
    made.config = { diagnostics: [SYNTAX_ERROR], sources: new Map([['rules/a.json', '{ x }']]) }
    await expect(boot(made.options, made.dependencies)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/syntax-error[^]*rules\/a\.json:1:3[^]*1 \| \{ x \}[^]*\^[^]*1 error/) as string,
    })
    expect(made.steps).not.toContain('bind')
  })

  it('says why the feature is off that a rule needs', async () => {
    const made = scene()
    made.config = { diagnostics: [{ severity: 'error', code: 'plugin-unavailable', message: 'no plugins here' }] }
    await expect(boot({ ...made.options, features: '-wasm' }, made.dependencies)).rejects.toThrow(
      'note: the feature "wasm" is off: switched off by --features',
    )
    expect(made.steps).not.toContain('open wasm')
  })

  it('binds nothing where another daemon answers on the management socket', async () => {
    const made = scene()
    const other = createMgmtServer({ socketPath: made.socketPath, handlers: {} as never })
    await other.listen()
    onTestFinished(() => other.close())
    await expect(boot(made.options, made.dependencies)).rejects.toThrow(`another daemon answers on ${made.socketPath}`)
    expect(made.steps).not.toContain('bind')
  })
})

describe('a booted daemon', () => {
  it('links and swaps a changed configuration, and leaves an unchanged or broken one alone', async () => {
    const made = scene()
    const daemon = await boot(made.options, made.dependencies)
    onTestFinished(async () => {
      daemon.shutdown.now()
      await daemon.shutdown.ended
    })
    const reload = async (): Promise<unknown> => {
      made.steps.length = 0
      return { ...(await daemon.reload('signal')), steps: [...made.steps] }
    }
    expect(await reload()).toMatchObject({ status: 'unchanged', versionHash: 'one', steps: ['config'] })

    made.config = { diagnostics: [SYNTAX_ERROR] }
    expect(await reload()).toMatchObject({
      status: 'failed',
      failure: { message: 'rules/a.json:1:3: the text is not JSON', diagnostics: [SYNTAX_ERROR] },
      steps: ['config'],
    })

    made.config = { graph: graph('two') }
    made.failing = 'link'
    expect(await reload()).toMatchObject({ status: 'failed', failure: { message: 'link failed' } })
    made.failing = 'swap'
    expect(await reload()).toMatchObject({ status: 'failed', steps: ['config', 'link', 'swap', 'dispose'] })

    made.failing = undefined
    expect(await reload()).toMatchObject({ status: 'swapped', versionHash: 'two', steps: ['config', 'link', 'swap'] })
    expect(await reload()).toMatchObject({ status: 'unchanged', versionHash: 'two' })
  })

  it('reloads nothing while it ends', async () => {
    const made = scene()
    const daemon = await boot(made.options, made.dependencies)
    daemon.shutdown.drain(1)
    made.config = { graph: graph('two') }
    expect(await daemon.reload('verb')).toMatchObject({
      status: 'failed',
      failure: { message: 'the daemon is ending' },
    })
    expect(await daemon.shutdown.ended).toBe(0)
  })
})

describe('check', () => {
  it('does what a start does up to the link and takes it back', async () => {
    const { options, dependencies, steps } = scene()
    await check(options, dependencies)
    expect(steps).toEqual([
      'environment',
      'logger',
      'open wasm',
      'engine',
      'config',
      'link',
      'dispose',
      'close engine',
      'close wasm',
      'flush log',
    ])
  })
})
