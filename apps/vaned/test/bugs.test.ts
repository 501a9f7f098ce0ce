import { expect, it } from 'vitest'
import { freePort, preload, startDaemon, staticRules, testConfig } from './daemon-process.ts'

const BUGS = preload(`
  process.on('SIGUSR2', () => {
    Promise.reject(new Error('nobody handles this'))
    setImmediate(() => { throw new Error('nobody catches this') })
  })
`)

it('logs what nobody caught as internal, and goes on serving', async () => {
  const port = await freePort()
  const daemon = await startDaemon(testConfig(staticRules(port, 'still here')), {}, BUGS)
  daemon.kill('SIGUSR2')
  const exception = await daemon.logged(/an exception was not caught/)
  expect(exception).toMatchObject({ level: 50, kind: 'internal', err: { message: 'nobody catches this' } })
  expect(await daemon.logged(/a rejection was not handled/)).toMatchObject({ err: { message: 'nobody handles this' } })
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('still here')
})
