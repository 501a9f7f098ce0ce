import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MgmtError, MgmtUnreachableError, createMgmtClient, type MgmtClient } from '../src/index.ts'
import { startRawServer, startServer } from './fake-daemon.ts'
import { temporaryDir } from './temporary-dir.ts'

function client(socketPath: string, timeoutMs?: number): MgmtClient {
  const made = createMgmtClient({ socketPath, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  onTestFinished(() => made.close())
  return made
}

describe('the management client', () => {
  it('calls verbs side by side and one after the other', async () => {
    const { socketPath } = await startServer()
    const made = client(socketPath)
    const [ping, pools] = await Promise.all([made.call('ping'), made.call('get_pools')])
    expect(ping.version).toBe('1.2.3')
    expect(pools.wasm).toEqual([])
    expect(await made.call('shutdown', { timeout_secs: 3 })).toEqual({ timeout_secs: 3 })
  })

  it('throws the daemon’s own error', async () => {
    const { socketPath } = await startServer()
    const failure = client(socketPath).call('shutdown', { timeout_secs: -1 })
    await expect(failure).rejects.toThrow(MgmtError)
    await expect(failure).rejects.toMatchObject({ code: 'invalid_args' })
  })

  it('names the socket it tried where there is none', async () => {
    const socketPath = join(temporaryDir(), 'none.sock')
    const failure = client(socketPath).call('ping')
    await expect(failure).rejects.toThrow(MgmtUnreachableError)
    await expect(failure).rejects.toMatchObject({
      socketPath,
      code: 'ENOENT',
      message: `cannot reach the daemon at ${socketPath}: there is no such socket`,
    })
  })

  it('connects anew after the daemon came back', async () => {
    const first = await startServer()
    const made = client(first.socketPath)
    await made.call('ping')
    await first.close()
    await expect(made.call('ping')).rejects.toThrow(MgmtUnreachableError)
    await startServer({ socketPath: first.socketPath })
    expect((await made.call('ping')).pid).toBe(42)
  })

  it('gives up on a silent daemon after the timeout', async () => {
    const socketPath = await startRawServer(() => {})
    await expect(client(socketPath, 30).call('ping')).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: `cannot reach the daemon at ${socketPath}: no answer to ping within 30 ms`,
    })
  })

  it('rejects when the connection ends, or something else answers', async () => {
    const closing = await startRawServer((socket) => socket.on('data', () => socket.destroy()))
    await expect(client(closing).call('ping')).rejects.toThrow(/closed the connection before it answered/)
    const http = await startRawServer((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    )
    await expect(client(http).call('ping')).rejects.toThrow(/no Vane daemon/)
  })

  it('rejects what is under way when it is closed', async () => {
    const socketPath = await startRawServer(() => {})
    const made = client(socketPath)
    const call = made.call('ping')
    made.close()
    await expect(call).rejects.toThrow(/the client was closed/)
  })
})
