import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ERROR_KINDS } from 'vane-core'
import { loadSettings } from 'vane-engine'
import { describe, expect, test } from 'vitest'
import { makeProject } from '../src/make-project.ts'
import { codesOf, tablesUnder, tableUnder } from '../src/read-tables.ts'
import { readPage, ROOT } from '../src/repository.ts'
import { runNode } from '../src/run-node.ts'

const page = await readPage('operations')
const VANED = join(ROOT, 'apps/vaned/src/main.ts')
const VANE = join(ROOT, 'apps/vane/src/main.ts')
const RULES = '{ "rules": [{ "name": "a", "listen": ["127.0.0.1:1"], "terminate": { "type": "close" } }] }'

const firstCodes = (heading: string): string[] =>
  tablesUnder(page, heading).flatMap(({ rows }) => rows.map(([cell = '']) => codesOf(cell)[0]!))

/** Long options and commands that a help text lists. */
const optionsIn = (help: string): string[] => [...help.matchAll(/^ {2}(--[a-z]+)/gm)].map(([, name]) => name!)

describe('vaned', () => {
  test('the options are those of --help', async () => {
    const { stdout } = await runNode([VANED, '--help'], { cwd: ROOT })
    const documented = tablesUnder(page, 'Start')[0]!.rows.map(([cell = '']) => codesOf(cell)[0]!.split(' ')[0])
    expect(documented).toEqual(optionsIn(stdout))
  })

  test('exit codes', async () => {
    await using project = await makeProject({ 'good/rules/a.json': RULES, 'bad/rules/a.json': '{' })
    const check = async (...args: string[]): Promise<number> =>
      (await runNode([VANED, ...args], { cwd: project.dir, env: { VANE_STATE_DIR: join(project.dir, 'state') } })).code
    expect(await check('--config', 'good', '--check')).toBe(0)
    expect(await check('--config', 'bad', '--check')).toBe(1)
    expect(await check('--confg', 'good')).toBe(2)
    expect(tablesUnder(page, 'Start')[1]?.rows.map(([code]) => code)).toEqual(['0', '1', '2'])
  })

  test('variables without effect are warned of, and those alone', async () => {
    await using project = await makeProject({ 'site/rules/a.json': RULES })
    const other = {
      VANE_MGMT_HTTP_TOKEN: 'x',
      VANE_FLOW_LOG_FILE: 'x',
      VANE_THREADS: '2',
      VANE_SEC_EXEMPT_LOOPBACK: '0',
    }
    const changed = Object.fromEntries(
      variablesUnder('Without effect in this version').map(({ name, value }) => [
        name,
        (other as Record<string, string>)[name] ??
          (value === '0' ? '1' : value!.replace(/^\d+/, (count) => String(Number(count) + 1))),
      ]),
    )
    const working = { VANE_DRAIN_TIMEOUT_SECS: '5', VANE_SEC_MAX_TOTAL_CONNS: '2000', VANE_BIND_IPV6: '0' }
    const { stdout, code } = await runNode([VANED, '--config', 'site', '--check'], {
      cwd: project.dir,
      env: { VANE_STATE_DIR: join(project.dir, 'state'), ...changed, ...working },
    })
    const warned = [...stdout.matchAll(/(VANE_[A-Z0-9_]+) has no effect in this version/g)].map(([, name]) => name!)
    expect(code).toBe(0)
    expect(warned.toSorted()).toEqual(Object.keys(changed).toSorted())
  })
})

interface DocumentedVariable {
  readonly name: string
  readonly value: string | undefined
  readonly floor: string | undefined
}

function variablesUnder(heading: string): DocumentedVariable[] {
  const { columns, rows } = tableUnder(page, heading)
  const hasFloor = columns.includes('floor')
  return rows.map(([name = '', value = '', floor = '']) => ({
    name: codesOf(name)[0]!,
    value: codesOf(value)[0],
    floor: hasFloor ? codesOf(floor)[0] : undefined,
  }))
}

describe('variables', () => {
  const documented = ['Variables', 'Limits for peers', 'Without effect in this version'].flatMap(variablesUnder)
  const settingsWith = (variables: Record<string, string>): ReturnType<typeof loadSettings> =>
    loadSettings('/nonexistent', variables)

  test('each that is read is documented, and the other way round', async () => {
    const source = await readFile(join(ROOT, 'packages/vane-engine/src/config/variables.ts'), 'utf8')
    const read = [...source.matchAll(/name: '(VANE_[A-Z0-9_]+)'/g)].map(([, name]) => name!)
    expect(read.length).toBeGreaterThan(25)
    expect(documented.map(({ name }) => name).toSorted()).toEqual(read.toSorted())
  })

  test.each(documented.filter(({ value }) => value !== undefined))(
    '$name is $value by default',
    async ({ name, value }) => {
      const given = await settingsWith({ [name]: value! })
      expect(given.diagnostics).toEqual([])
      expect(given.settings).toEqual((await settingsWith({})).settings)
    },
  )

  test.each(documented.filter(({ floor }) => floor !== undefined))(
    '$name cannot go below $floor',
    async ({ name, floor }) => {
      expect((await settingsWith({ [name]: floor! })).diagnostics).toEqual([])
      const below = floor!.replace(/^\d+/, (count) => String(Number(count) - 1))
      expect((await settingsWith({ [name]: below })).diagnostics).toMatchObject([{ code: 'below-floor' }])
    },
  )

  test('an unknown one is a warning', async () => {
    const { settings, diagnostics } = await settingsWith({ VANE_LOG_LEVL: 'info' })
    expect(settings).toBeDefined()
    expect(diagnostics).toMatchObject([{ severity: 'warning', suggestion: expect.stringContaining('VANE_LOG_LEVEL') }])
  })

  test('the levels of the log', async () => {
    const row = tableUnder(page, 'Variables').rows.find(([name]) => name?.includes('VANE_LOG_LEVEL'))
    for (const level of codesOf(row?.[2] ?? ''))
      expect((await settingsWith({ VANE_LOG_LEVEL: level })).diagnostics).toEqual([])
  })
})

test('the kinds of errors', () => {
  expect(firstCodes('Logs')).toEqual(ERROR_KINDS)
})

describe('vane', () => {
  test('the commands are those of --help', async () => {
    const { stdout } = await runNode([VANE, '--help'], { cwd: ROOT })
    const listed = /^of a running vaned:\n((?: {2}\S.*\n)+)/m.exec(stdout)?.[1] ?? ''
    const commands = [...listed.matchAll(/^ {2}((?:[a-z]+ )*[a-z-]+)(?= {2}|$)/gm)].map(([, name]) => `vane ${name}`)
    expect(commands.length).toBeGreaterThan(4)
    expect(firstCodes('Management')).toEqual(commands)
  })

  test('a daemon that is not there is code 3, a wrong call code 2', async () => {
    expect((await runNode([VANE, 'ping', '--socket', '/nonexistent/x.sock'], { cwd: ROOT })).code).toBe(3)
    expect((await runNode([VANE, 'pong'], { cwd: ROOT })).code).toBe(2)
  })
})
