import createRouter, { type HTTPVersion, type Instance } from 'find-my-way'
import { startClock, type Matcher } from './matcher.ts'
import type { FullRoute } from './route-set.ts'

/** The router that Fastify uses, with a host constraint on each route. */
export function createFindMyWayMatcher(routes: readonly FullRoute[]): Matcher {
  const readClock = startClock()
  const router: Instance<HTTPVersion.V1> = createRouter()
  const handler = (): void => undefined
  for (const { host, path } of routes) {
    router.on('GET', path, { constraints: { host } }, handler)
    router.on('GET', `${path}/*`, { constraints: { host } }, handler)
  }
  const build = readClock()
  return {
    name: 'find-my-way',
    build,
    find: ({ host, path }) => router.find('GET', path, { host }),
    isFound: (answer) => answer !== null,
  }
}
