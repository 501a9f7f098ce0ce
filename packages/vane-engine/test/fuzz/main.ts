import { parseArgs } from 'node:util'
import { startFuzzTarget } from './fuzz-target.ts'

const PROGRESS_MS = 10_000
const USAGE = 'usage: fuzz (--minutes N | --rounds N) [--seed N]'

interface Course {
  readonly rounds: number
  readonly endsAt: number
  readonly first: number
}

/** @returns `undefined` where the command line says nothing that can be done. */
function readCourse(): Course | undefined {
  const { values } = parseArgs({
    options: { minutes: { type: 'string' }, rounds: { type: 'string' }, seed: { type: 'string' } },
  })
  if (values.minutes === undefined && values.rounds === undefined) return undefined
  const rounds = Number(values.rounds ?? Infinity)
  const endsAt = Date.now() + Number(values.minutes ?? Infinity) * 60_000
  const first = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(values.seed)
  return Number.isNaN(rounds) || Number.isNaN(endsAt) || !Number.isSafeInteger(first)
    ? undefined
    : { rounds, endsAt, first }
}

async function fuzz({ rounds, endsAt, first }: Course): Promise<void> {
  let done = 0
  const describe = (): string =>
    `${done} rounds, first seed ${first}, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB resident`
  // What nobody caught is a find, too, and the round under way is the one to look at.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      console.error(`seed ${first + done}: ${event}`, error)
      process.exit(1)
    })
  }
  console.log(`first seed ${first}`)
  const clock = setInterval(() => console.log(describe()), PROGRESS_MS)
  await using target = await startFuzzTarget()
  try {
    for (; done < rounds && Date.now() < endsAt; done++) await target.run(first + done)
    console.log(`nothing found: ${describe()}`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  } finally {
    clearInterval(clock)
  }
}

const course = readCourse()
if (course === undefined) {
  console.error(USAGE)
  process.exitCode = 2
} else await fuzz(course)
