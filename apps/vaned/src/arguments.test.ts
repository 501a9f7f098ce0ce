import { describe, expect, it } from 'vitest'
import { HELP, parseArguments } from './arguments.ts'
import { ExitError } from './exit-error.ts'

describe('parseArguments', () => {
  it.each([
    [['--config', '/etc/vane'], { command: 'serve', configDir: '/etc/vane', features: undefined }],
    [['--config=/etc/vane', '--check'], { command: 'check', configDir: '/etc/vane', features: undefined }],
    [['--features', '-wasm', '--config', 'd'], { command: 'serve', configDir: 'd', features: '-wasm' }],
    [['--config', 'd', '--features=wasm,-cgi'], { command: 'serve', configDir: 'd', features: 'wasm,-cgi' }],
    [['--version'], { command: 'version', features: undefined }],
    [['-v', '--features', '-wasm'], { command: 'version', features: '-wasm' }],
    [['--help', '--version'], { command: 'help' }],
    [['-h'], { command: 'help' }],
  ])('reads %j', (argv, expected) => {
    expect(parseArguments(argv)).toEqual(expected)
  })

  it.each([
    [[], '--config DIR is missing: no directory is guessed'],
    [['--check'], '--config DIR is missing'],
    [['--confg', 'd'], 'unknown option --confg; did you mean --config?'],
    [['--config', 'd', '-x'], 'unknown option -x'],
    [['--config'], '--config needs a value'],
    [['--config='], '--config needs a value'],
    [['--features', '--config', 'd'], '--features needs a value'],
    [['--config', 'd', '--check=yes'], '--check takes no value'],
    [['--config', 'd', 'extra'], 'unexpected argument "extra"'],
    [['/etc/vane'], 'unexpected argument "/etc/vane"'],
  ])('refuses %j with code 2: %s', (argv, message) => {
    const attempt = (): unknown => parseArguments(argv)
    expect(attempt).toThrow(ExitError)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.objectContaining({ exitCode: 2 }))
  })

  it('names every option in the help', () => {
    for (const option of ['--config', '--check', '--features', '--version', '--help'])
      expect(HELP).toContain(`  ${option}`)
  })
})
