import { describe, expect, it } from 'vitest'
import { HELP, parseArguments } from './arguments.ts'
import { COMMANDS } from './commands/commands.ts'
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
    for (const { name } of COMMANDS) expect(HELP).toContain(`\n  ${name} `)
  })

  it.each([
    [['--help'], 'help'],
    [['ping', '-h'], 'help'],
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
