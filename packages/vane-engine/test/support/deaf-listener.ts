import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** An address that nothing comes back from: it neither accepts nor refuses. */
export interface DeafListener extends AsyncDisposable {
  readonly port: number
}

/** Listens, and never accepts: the system completes the first connections by itself, and ignores every other one. */
const SCRIPT = `
const { parentPort } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ port: 0, host: process.argv[2], backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

/** Starts one on an address of this machine. */
export async function startDeafListener(host: string): Promise<DeafListener> {
  const worker = new Worker(SCRIPT, { eval: true, argv: [host] })
  const [port] = (await once(worker, 'message')) as [number]
  const fillers: Socket[] = []
  for (let isFull = false; !isFull;) {
    const filler = connect({ host, port })
    fillers.push(filler.on('error', () => {}))
    await Promise.race([once(filler, 'connect'), setTimeout(300)])
    // The event may have been there when the time was up.
    await setImmediate()
    isFull = filler.connecting
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy()
      await worker.terminate()
    },
  }
}
