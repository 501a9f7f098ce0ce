import { runHandshakeLoad, type HandshakePlan } from './handshake-load.ts'

console.log(JSON.stringify(await runHandshakeLoad(JSON.parse(process.argv[2] ?? '') as HandshakePlan)))
process.exitCode = 0
