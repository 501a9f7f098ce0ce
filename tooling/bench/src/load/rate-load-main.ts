import { runRateLoad, type RatePlan } from './rate-load.ts'

console.log(JSON.stringify(await runRateLoad(JSON.parse(process.argv[2] ?? '') as RatePlan)))
process.exitCode = 0
