import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { assertSocketFree, createMgmtClient, createMgmtServer } from '../src/index.ts'
import { fakeHandlers, startServer } from './fake-daemon.ts'
import { temporaryDir } from './temporary-dir.ts'

/** Leaves a socket behind as a killed daemon does. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  expect(statSync(path).isSocket()).toBe(true)
}

describe('the management socket', () => {
  it('has mode 0660 whatever the umask, and leaves nothing else in its directory', async () => {
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const { socketPath } = await startServer()
    expect((statSync(socketPath).mode & 0o777).toString(8)).toBe('660')
    expect(readdirSync(join(socketPath, '..'))).toEqual(['vaned.sock'])
  })

  it('replaces a stale one', async () => {
    const socketPath = join(temporaryDir(), 'vaned.sock')
    leaveStaleSocket(socketPath)
    await startServer({ socketPath })
    const client = createMgmtClient({ socketPath })
    onTestFinished(() => client.close())
    expect((await client.call('ping')).version).toBe('1.2.3')
  })

  it('refuses a live one with a sentence and leaves it alone', async () => {
    const { socketPath } = await startServer()
    const second = createMgmtServer({ socketPath, handlers: fakeHandlers() })
    await expect(second.listen()).rejects.toThrow(
      `another daemon answers on ${socketPath}; stop it or choose another path`,
    )
    await second.close()
    const client = createMgmtClient({ socketPath })
    onTestFinished(() => client.close())
    expect((await client.call('ping')).pid).toBe(42)
  })

  it('refuses a path where something else is, and touches nothing', async () => {
    const socketPath = join(temporaryDir(), 'vaned.sock')
    writeFileSync(socketPath, 'precious')
    const server = createMgmtServer({ socketPath, handlers: fakeHandlers() })
    await expect(server.listen()).rejects.toThrow(`${socketPath} exists and is no socket`)
    expect(readFileSync(socketPath, 'utf8')).toBe('precious')
    const link = join(temporaryDir(), 'link.sock')
    symlinkSync(socketPath, link)
    await expect(assertSocketFree(link)).rejects.toThrow('is no socket')
  })

  it('says when the directory is missing and when the path is too long', async () => {
    const missing = createMgmtServer({ socketPath: join(temporaryDir(), 'no', 'vaned.sock'), handlers: fakeHandlers() })
    await expect(missing.listen()).rejects.toThrow(/cannot create the socket .*no\/vaned\.sock: /)
    const deep = join(temporaryDir(), 'd'.repeat(80))
    mkdirSync(deep)
    await expect(assertSocketFree(join(deep, 'vaned.sock'))).rejects.toThrow(/too long for a socket: at most 103 bytes/)
  })

  it('is gone after close, unless it is somebody else’s by then', async () => {
    const first = await startServer()
    await first.close()
    expect(existsSync(first.socketPath)).toBe(false)

    const second = await startServer()
    // As if a stale look-alike had been replaced behind our back.
    spawnSync('mv', [second.socketPath, `${second.socketPath}.moved`])
    const third = await startServer({ socketPath: second.socketPath })
    await second.close()
    expect(existsSync(third.socketPath)).toBe(true)
    const socket = connect(third.socketPath)
    await once(socket, 'connect')
    socket.destroy()
  })
})
