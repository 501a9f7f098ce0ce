import { describeMachine } from '../report/describe-machine.ts'
import { median } from '../report/summarise.ts'
import { createFindMyWayMatcher } from './find-my-way-matcher.ts'
import { measureMatch, type MatchFigures } from './measure-match.ts'
import { measureNginx } from './nginx-reload.ts'
import { makeRoutes, makeTargets } from './route-set.ts'
import { createVaneMatcher } from './vane-matcher.ts'

const COUNTS = [10, 100, 1_000, 10_000]
const BUILDS = 5

const { cpu, cores, kernel, node } = describeMachine()
console.log(`${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}`)
console.log(`medians (best in brackets); a match is one of 2,000 on texts that nothing has seen before\n`)

// The small set first, when the code is cold, would make the large one look good.
createVaneMatcher(makeRoutes(1_000))
createFindMyWayMatcher(makeRoutes(1_000))

const matchNs = new Map<number, MatchFigures>()
for (const count of COUNTS) {
  const routes = makeRoutes(count)
  const vane = createVaneMatcher(routes)
  const findMyWay = createFindMyWayMatcher(routes)
  const [own, other] = measureMatch([vane, findMyWay], routes)
  matchNs.set(count, own!)
  const builds = Array.from({ length: BUILDS }, () => createVaneMatcher(routes).buildMs)
  const otherBuilds = Array.from({ length: BUILDS }, () => createFindMyWayMatcher(routes).buildMs)
  const steps = Math.max(...makeTargets(routes, 1_000).map((target) => vane.stepsOf(target)))
  const nginx = await measureNginx(routes)

  console.log(`${count} rules`)
  console.log(`  match    vane ${figures(own!)}, ${steps} nodes at most; find-my-way ${figures(other!)}`)
  console.log(
    `  build    vane ${ms(median(builds))} (${ms(Math.min(...builds))}); find-my-way ${ms(median(otherBuilds))} (${ms(Math.min(...otherBuilds))})`,
  )
  console.log(
    `  size     ${(vane.tests / count).toFixed(2)} tests and cases, ${(vane.nodes / count).toFixed(2)} nodes for each rule`,
  )
  console.log(
    nginx === undefined
      ? '  nginx    not installed: apt-get install nginx'
      : `  nginx    test ${ms(nginx.testMs)}, reload ${ms(nginx.reloadMs)}`,
  )
}
const [few, many] = [matchNs.get(COUNTS[0]!)!, matchNs.get(COUNTS.at(-1)!)!]
const [medianRatio, bestRatio] = [many.medianNs / few.medianNs, many.minNs / few.minNs].map((ratio) => ratio.toFixed(2))
console.log(
  `\na match among ${COUNTS.at(-1)} rules costs ${medianRatio} (best rounds: ${bestRatio}) times what it costs among ${COUNTS[0]}`,
)

function figures({ medianNs, minNs }: MatchFigures): string {
  return `${medianNs.toFixed(0)} (${minNs.toFixed(0)}) ns`
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}
