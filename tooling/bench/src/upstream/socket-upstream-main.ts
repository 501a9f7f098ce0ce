import { createServer } from 'node:net'

const [port, bodyBytes] = process.argv.slice(2).map(Number)
const body = 'x'.repeat(bodyBytes ?? 0)
const response = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`

createServer({ noDelay: true }, (socket) => {
  let received = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    const heads = received.split('\r\n\r\n')
    received = heads.pop() ?? ''
    if (heads.length > 0) socket.write(response.repeat(heads.length))
  })
}).listen(port, '127.0.0.1')
