import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { openSignalInbox } from './signals.ts'

describe('openSignalInbox', () => {
  it('keeps signals in order until somebody asks, and hands over later ones at once', async () => {
    const source = new EventEmitter()
    const inbox = openSignalInbox(source)
    source.emit('SIGHUP')
    source.emit('SIGTERM')
    expect(await inbox.next()).toBe('SIGHUP')
    expect(await inbox.next()).toBe('SIGTERM')
    const next = inbox.next()
    source.emit('SIGINT')
    source.emit('SIGHUP')
    expect(await next).toBe('SIGINT')
    expect(await inbox.next()).toBe('SIGHUP')
  })

  it('tells of the first signal that ends the daemon, and leaves it in the inbox', async () => {
    const source = new EventEmitter()
    const inbox = openSignalInbox(source)
    let ending = false
    void inbox.endRequested.then(() => (ending = true))
    source.emit('SIGHUP')
    await Promise.resolve()
    expect(ending).toBe(false)
    source.emit('SIGTERM')
    await inbox.endRequested
    expect(await inbox.next()).toBe('SIGHUP')
    expect(await inbox.next()).toBe('SIGTERM')
  })

  it('takes its listeners away when closed', () => {
    const source = new EventEmitter()
    openSignalInbox(source).close()
    expect(source.eventNames()).toEqual([])
  })
})
