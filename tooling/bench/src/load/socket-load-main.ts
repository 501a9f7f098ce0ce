import type { LoadPlan } from './load-launch.ts'
import { runSocketLoad } from './socket-load.ts'

console.log(JSON.stringify(await runSocketLoad(JSON.parse(process.argv[2] ?? '') as LoadPlan)))
process.exitCode = 0
