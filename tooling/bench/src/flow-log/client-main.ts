import { once } from 'node:events'
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const CONNECTIONS = 16

/** Asks the same thing again and again, on connections that are kept, each as soon as it has its answer. */
async function ask(port: number, requests: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  for (let i = 0; i < requests; i++) {
    socket.write('GET /api/users/12345/orders?limit=20 HTTP/1.1\r\nhost: bench.test\r\naccept: */*\r\n\r\n')
    // The answer is short enough to come in one piece.
    await once(socket, 'data')
  }
  socket.destroy()
}

const { port } = workerData as { readonly port: number }
parentPort?.on('message', (requests: number) => {
  const each = Math.ceil(requests / CONNECTIONS)
  void Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port, each))).then(() =>
    parentPort?.postMessage(each * CONNECTIONS),
  )
})
