import { SILENT_LOGGER, type Logger } from 'vane-core'
import type { ListenerStatus } from 'vane-engine'
import { expect, it } from 'vitest'
import { createListenerLog } from './log-listeners.ts'

it('tells of each listener once, and again when it has come back', () => {
  const lines: string[] = []
  const info = ((_fields: object, message: string) => void lines.push(message)) as Logger['info']
  const log = createListenerLog({ ...SILENT_LOGGER, info })
  const a: ListenerStatus = { key: 'tcp::80', addresses: ['0.0.0.0:80', '[::]:80'], state: 'listening' }
  const b: ListenerStatus = { key: 'tcp:127.0.0.1:81', addresses: ['127.0.0.1:81'], state: 'listening' }
  log([a, { ...b, state: 'retrying', error: 'in use' }])
  expect(lines.splice(0)).toEqual(['listening on 0.0.0.0:80 and [::]:80'])
  log([a, b])
  expect(lines.splice(0)).toEqual(['listening on 127.0.0.1:81'])
  log([{ ...a, state: 'draining' }, b])
  log([a, b])
  expect(lines).toEqual(['listening on 0.0.0.0:80 and [::]:80'])
})
