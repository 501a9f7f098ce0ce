import { homedir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { defaultSocketPath, defaultStateDir } from './socket-path.ts'

describe('defaultStateDir', () => {
  it.each([
    [{ VANE_STATE_DIR: '/srv/vane', XDG_STATE_HOME: '/x' }, 0, '/srv/vane'],
    [{ XDG_STATE_HOME: '/x' }, 0, '/var/lib/vane'],
    [{ XDG_STATE_HOME: '/x' }, 1000, '/x/vane'],
    [{ XDG_STATE_HOME: 'relative' }, 1000, `${homedir()}/.local/state/vane`],
    [{ VANE_STATE_DIR: '', XDG_STATE_HOME: '' }, 1000, `${homedir()}/.local/state/vane`],
  ])('of %j for uid %i is %s', (variables, uid, expected) => {
    expect(defaultStateDir(variables, uid)).toBe(expected)
  })
})

describe('defaultSocketPath', () => {
  it('is beside the state or where the variable says', () => {
    expect(defaultSocketPath({}, 0)).toBe('/var/lib/vane/vaned.sock')
    expect(defaultSocketPath({ VANE_STATE_DIR: '/srv/vane' }, 0)).toBe('/srv/vane/vaned.sock')
    expect(defaultSocketPath({ VANE_MGMT_UNIX: '/run/vane.sock', VANE_STATE_DIR: '/srv/vane' }, 0)).toBe(
      '/run/vane.sock',
    )
    expect(defaultSocketPath({ VANE_MGMT_UNIX: '' }, 0)).toBe('/var/lib/vane/vaned.sock')
  })
})
