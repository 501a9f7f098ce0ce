import { describe, expect, it } from 'vitest'
import { parseArguments } from './arguments.ts'
import { COMMANDS, STREAM_COMMANDS } from './commands/commands.ts'
import { HELP } from './help.ts'
import { OFFLINE_COMMANDS } from './offline/offline-commands.ts'
import { run } from './run.ts'
import { UsageError } from './usage-error.ts'

describe('parseArguments', () => {
  it.each(COMMANDS.map(({ name }) => name))('finds %s, options before, between or after', (name) => {
    const [first = '', ...rest] = name.split(' ')
    for (const argv of [
      ['--json', '--socket', '/s', first, ...rest],
      [first, '--json', ...rest, '-s', '/s'],
    ]) {
      expect(parseArguments(argv)).toMatchObject({ kind: 'command', command: { name }, socket: '/s', json: true })
    }
  })

  it('lists every command in the help', () => {
    for (const { name } of [...COMMANDS, ...STREAM_COMMANDS, ...OFFLINE_COMMANDS])
      expect(HELP).toContain(`\n  ${name} `)
  })

  it.each([...COMMANDS, ...STREAM_COMMANDS, ...OFFLINE_COMMANDS])(
    'tells of $name what it takes, and no more',
    async (command) => {
      const { stdout, exitCode } = await run([...command.name.split(' '), '--help'])
      expect(exitCode).toBe(0)
      expect(stdout).toMatch(new RegExp(`^vane ${command.name}: `))
      expect(stdout).toContain(`: ${command.summary}\n`)
      const listed = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name)
      const takes = command.takes.map((name) =>
        name === 'headers' ? 'header' : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      )
      const shared = OFFLINE_COMMANDS.some(({ name }) => name === command.name) ? [] : ['socket', 'json']
      expect(listed.toSorted()).toEqual([...takes, ...shared, 'help'].toSorted())
    },
  )

  it.each([
    [['--help'], 'help'],
    [['ping', '-h'], 'help'],
    [['get', '--help'], 'help'],
    [['--version'], 'version'],
    [['-v'], 'version'],
  ])('%j is %s', (argv, kind) => {
    expect(parseArguments(argv).kind).toBe(kind)
  })

  it.each([
    [[], 'no command given'],
    [['pnig'], 'unknown command pnig; did you mean ping?'],
    [['get'], '"get" is incomplete; there are: get config, get pools, get upstreams'],
    [['get', 'pool'], 'unknown command get pool; did you mean get pools?'],
    [['frobnicate'], 'unknown command frobnicate'],
    [['pnig', '--help'], 'unknown command pnig; did you mean ping?'],
    [['ping', 'twice'], 'unknown command ping twice'],
    [['ping', '--sockt', '/s'], 'unknown option --sockt; did you mean --socket?'],
    [['ping', '-x'], 'unknown option -x'],
    [['ping', '--socket'], '--socket needs a value'],
    [['ping', '--socket', '--json'], '--socket needs a value'],
    [['ping', '--socket='], '--socket needs a value'],
    [['ping', '--json=yes'], '--json takes no value'],
    [['ping', '--timeout', '3'], 'ping takes no --timeout'],
  ])('refuses %j: %s', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError)
    expect(() => parseArguments(argv)).toThrow(message)
  })
})
