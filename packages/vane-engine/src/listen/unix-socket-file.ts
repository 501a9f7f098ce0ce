import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

/**
 * Removes a Unix socket's file that no process listens on any more, as a killed process leaves it behind.
 *
 * @throws an error with code `EADDRINUSE` where somebody listens, or where the file is no socket.
 */
export async function removeStaleSocketFile(path: string): Promise<void> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (stats === undefined) return
  if (!stats.isSocket() || (await isListenedOn(path))) {
    throw Object.assign(new Error(`${path} exists`), { code: 'EADDRINUSE' })
  }
  await unlink(path)
}

function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Anything but a refusal (a full backlog, missing rights) may well be a live socket: it is left alone.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    )
  })
}
