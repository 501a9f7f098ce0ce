import { chmod, lstat, mkdtemp, rename, rm, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { VaneError } from 'vane-core'

/** `sun_path` holds 108 bytes on Linux and 104 on macOS and the BSDs, the closing zero included. */
const MAX_PATH_BYTES = 103
const PROBE_TIMEOUT_MS = 2_000

/** What stands at a socket's path. `stale` is a socket nobody listens on: its daemon was killed. */
export type SocketState = 'absent' | 'stale' | 'live'

/**
 * Finds out what stands at a path where a socket is to be.
 *
 * @throws VaneError of kind `io` where something that is no socket is there, or it cannot be told.
 */
export async function probeUnixSocket(path: string): Promise<SocketState> {
  try {
    const stats = await lstat(path)
    if (!stats.isSocket())
      throw new VaneError({ kind: 'io' }, `${path} exists and is no socket; remove it or choose another path`)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent'
    if (error instanceof VaneError) throw error
    throw new VaneError({ kind: 'io' }, `cannot look at ${path}: ${errorText(error)}`, { cause: error })
  }
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const done = (outcome: () => void): void => {
      socket.destroy()
      outcome()
    }
    // A full backlog leaves the connection waiting: somebody listens.
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(() => resolve('live')))
    socket.once('connect', () => done(() => resolve('live')))
    socket.once('error', (error) => {
      const code = errorCode(error)
      if (code === 'ECONNREFUSED') done(() => resolve('stale'))
      else if (code === 'ENOENT') done(() => resolve('absent'))
      else if (code === 'EAGAIN') done(() => resolve('live'))
      else
        done(() =>
          reject(
            new VaneError({ kind: 'io' }, `cannot tell who listens on ${path}: ${errorText(error)}`, { cause: error }),
          ),
        )
    })
  })
}

/**
 * Refuses a path on which a daemon answers, or that no socket can have.
 *
 * @throws VaneError of kind `io` that says what to do.
 */
export async function assertSocketFree(path: string): Promise<void> {
  // Longer paths are cut by some kernels and refused by others; the temporary name must fit, too.
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(join(dirname(path), TEMPORARY_NAME_LIKE)))
  if (longest > MAX_PATH_BYTES) {
    throw new VaneError(
      { kind: 'io' },
      `${path} is too long for a socket: at most ${MAX_PATH_BYTES} bytes; choose a shorter path`,
    )
  }
  if ((await probeUnixSocket(path)) === 'live') {
    throw new VaneError({ kind: 'io' }, `another daemon answers on ${path}; stop it or choose another path`)
  }
}

const TEMPORARY_NAME_LIKE = '.v-XXXXXX/s'

/**
 * Makes `server` listen on `path` with mode 0660, replacing a stale socket. Nobody can connect before the mode is set,
 * and whoever finds the path finds a socket that is listened on.
 *
 * @returns removes the path again, unless another daemon has put its own there meanwhile.
 * @throws VaneError of kind `io`.
 */
export async function bindUnixSocket(server: Server, path: string): Promise<() => Promise<void>> {
  await assertSocketFree(path)
  let directory: string | undefined
  try {
    // The directory is 0700: between bind and chmod a socket has whatever mode the umask left it.
    directory = await mkdtemp(join(dirname(path), '.v-'))
    const temporary = join(directory, 's')
    await listen(server, temporary)
    await chmod(temporary, 0o660)
    const { ino } = await lstat(temporary)
    await rename(temporary, path)
    return () => unlinkOwn(path, ino)
  } catch (error) {
    server.close()
    throw new VaneError({ kind: 'io' }, `cannot create the socket ${path}: ${errorText(error)}`, { cause: error })
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function unlinkOwn(path: string, ino: number): Promise<void> {
  try {
    if ((await lstat(path)).ino === ino) await unlink(path)
  } catch {
    // Gone already: that is what was wanted.
  }
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
