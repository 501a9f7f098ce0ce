import { runSocketLoad } from './socket-load.ts'

const [url = '', connections, seconds] = process.argv.slice(2)
console.log(JSON.stringify(await runSocketLoad({ url, connections: Number(connections), seconds: Number(seconds) })))
process.exitCode = 0
