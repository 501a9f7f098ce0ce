import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ask } from './ask.ts'
import { startExample } from './start-example.ts'

/** An application that says who came, and repeats what it is told. */
async function startChat(): Promise<number> {
  const http = createServer((req, res) => res.end(`page ${req.url}`))
  const chat = new WebSocketServer({ server: http })
  chat.on('connection', (socket, request) => {
    socket.send(`hello ${String(request.headers['x-real-ip'])}`)
    socket.on('message', (data: Buffer) => socket.send(`you said ${data.toString()}`))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => {
    for (const socket of chat.clients) socket.terminate()
    http.close()
  })
  return (http.address() as AddressInfo).port
}

/** Talks to the application, and hears what it answers. */
async function talk(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const socket = new WebSocket(url, { headers })
  const heard: string[] = []
  socket.on('message', (data: Buffer) => heard.push(data.toString()))
  await once(socket, 'open')
  socket.send('hi')
  await vi.waitFor(() => expect(heard).toHaveLength(2), { timeout: 10_000 })
  socket.close()
  await once(socket, 'close')
  return heard
}

// The command line is started twice, from its sources.
test('websocket', { timeout: 60_000 }, async () => {
  const example = await startExample('websocket', { ports: [8080, 8081], upstream: await startChat() })
  const ws = (port: number): string => `ws://127.0.0.1:${example.port(port)}/chat`
  expect(await talk(ws(8080))).toEqual(['hello 127.0.0.1', 'you said hi'])
  expect((await ask(`${example.base(8080)}/x`)).body).toBe('page /x')
  await expect(talk(ws(8080).replace('/chat', '/other'))).rejects.toThrow('400')
  const origin = { origin: 'https://app.example.com' }
  expect(await talk(ws(8081), origin)).toEqual(['hello 127.0.0.1', 'you said hi'])
  await expect(talk(ws(8081))).rejects.toThrow('403')

  const vane = async (...args: string[]): Promise<string> => text(example.vane(...args).stdout!)
  expect(await vane('tail', 'flow', '--outcome', 'tunnel', '-n', '10', '--no-follow')).toMatch(
    /\t101\tGET\t\/chat\tsite\/websocket\t[\d.]+ ms\t[1-9]\d* B in\t[1-9]\d* B out\t/,
  )
  const open = new WebSocket(ws(8080))
  await once(open, 'open')
  expect(await vane('get', 'upstreams')).toMatch(/^127\.0\.0\.1:\d+\t0\t\d\t1\t0\t/m)
  open.terminate()
})
