import { describeMachine } from '../report/describe-machine.ts'
import { median } from '../report/summarise.ts'
import type { BuildTime } from './matcher.ts'
import { createFindMyWayMatcher } from './find-my-way-matcher.ts'
import { measureMatch, type MatchFigures } from './measure-match.ts'
import { measureNginx, type NginxFigures } from './measure-nginx.ts'
import { makeMixedRoutes, makeRoutes, makeTargets, type Route } from './route-set.ts'
import { createVaneMatcher } from './vane-matcher.ts'

const COUNTS = [10, 100, 1_000, 10_000]
const BUILDS = 5

const { cpu, cores, kernel, node } = describeMachine()
console.log(`${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}`)
console.log(`medians (best in brackets); a match is one of 2,000 on texts that nothing has seen before\n`)

// The small set first, when the code is cold, would make the large one look good.
for (const routes of [makeRoutes(1_000), makeMixedRoutes(1_000)]) await createVaneMatcher(routes)
createFindMyWayMatcher(makeRoutes(1_000))

console.log('host and path in each rule')
const full: MatchFigures[] = []
for (const count of COUNTS) {
  const routes = makeRoutes(count)
  const vane = await createVaneMatcher(routes)
  const findMyWay = createFindMyWayMatcher(routes)
  const [own, other] = measureMatch([vane, findMyWay], routes)
  full.push(own!)
  const otherBuilds = Array.from({ length: BUILDS }, () => createFindMyWayMatcher(routes).build)
  const nginx = await measureNginx(routes)

  console.log(`${count} rules`)
  console.log(`  match    vane ${figures(own!)}, ${stepsOf(vane, routes)}; find-my-way ${figures(other!)}`)
  console.log(`  build    vane ${await buildFigures(routes)}; find-my-way ${summary(otherBuilds)}`)
  console.log(`  size     ${sizeOf(vane, count)}`)
  console.log(
    nginx === undefined
      ? '  nginx    not installed: apt-get install nginx'
      : `  nginx    test ${ms(nginx.testMs)}, reload ${ms(nginx.reloadMs)}, ${cpuOf(nginx)} of CPU for a request answered at once`,
  )
}
console.log(`\n${growth(full)}\n`)

console.log('a host or a path in each rule, by turns')
const mixed: MatchFigures[] = []
for (const count of COUNTS) {
  const routes = makeMixedRoutes(count)
  const vane = await createVaneMatcher(routes)
  const [own] = measureMatch([vane], routes)
  mixed.push(own!)
  console.log(`${count} rules`)
  console.log(`  match    vane ${figures(own!)}, ${stepsOf(vane, routes)}`)
  console.log(`  build    vane ${await buildFigures(routes)}`)
  console.log(`  size     ${sizeOf(vane, count)}`)
}
console.log(`\n${growth(mixed)}`)

type Vane = Awaited<ReturnType<typeof createVaneMatcher>>

async function buildFigures(routes: readonly Route[]): Promise<string> {
  const builds: BuildTime[] = []
  for (let build = 0; build < BUILDS; build++) builds.push((await createVaneMatcher(routes)).build)
  return summary(builds)
}

function cpuOf({ cpuMicros }: NginxFigures): string {
  return cpuMicros === undefined ? '(wrk is not installed)' : `${cpuMicros.toFixed(1)} µs`
}

function stepsOf(vane: Vane, routes: readonly Route[]): string {
  return `${Math.max(...makeTargets(routes, 1_000).map((target) => vane.stepsOf(target)))} nodes at most`
}

function sizeOf({ tests, nodes }: Vane, count: number): string {
  return `${(tests / count).toFixed(2)} tests and cases, ${(nodes / count).toFixed(2)} nodes for each rule`
}

function growth(figuresByCount: readonly MatchFigures[]): string {
  const [few, many] = [figuresByCount[0]!, figuresByCount.at(-1)!]
  const ratios = [many.medianNs / few.medianNs, many.minNs / few.minNs].map((ratio) => ratio.toFixed(2))
  return `a match among ${COUNTS.at(-1)} rules costs ${ratios[0]} (best rounds: ${ratios[1]}) times what it costs among ${COUNTS[0]}`
}

function figures({ medianNs, minNs }: MatchFigures): string {
  return `${medianNs.toFixed(0)} (${minNs.toFixed(0)}) ns`
}

function summary(builds: readonly BuildTime[]): string {
  const walls = builds.map(({ wallMs }) => wallMs)
  return `${ms(median(walls))} (${ms(Math.min(...walls))}), CPU ${ms(median(builds.map(({ cpuMs }) => cpuMs)))}`
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}
