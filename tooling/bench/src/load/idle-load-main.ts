// Opens connections, sends one request on each, and keeps them until it is told to end. It prints one line when all stand
// and one when it ends.
import { openIdleConnections, type IdlePlan } from './idle-load.ts'

const idle = await openIdleConnections(JSON.parse(process.argv[2] ?? '') as IdlePlan)
process.once('SIGTERM', () => {
  console.log(JSON.stringify({ kept: idle.kept() }))
  process.exitCode = 0
  idle.close()
})
console.log(JSON.stringify({ opened: idle.opened, failed: idle.failed }))
