import { createServer } from 'node:http'

const [port] = process.argv.slice(2).map(Number)
const body = Buffer.from('taken\n')

// Kept connections are the proxies' to close: a server that closes first races with their next request.
createServer({ keepAliveTimeout: 300_000, requestTimeout: 0 }, (request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length })
    response.end(body)
  })
}).listen(port, '127.0.0.1')
