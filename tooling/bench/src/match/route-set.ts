/** One route of the benchmark: requests for a host, at a path and below it, or for anything where one is not named. */
export interface Route {
  readonly host?: string
  readonly path?: string
}

/** One that names both. */
export type FullRoute = Required<Route>

/** What a request asks for. */
export interface Target {
  readonly host: string
  readonly path: string
}

/** Four applications on each host, each at a path of its own. */
export function makeRoutes(count: number): FullRoute[] {
  return Array.from({ length: count }, (_, index) => ({
    host: `tenant-${Math.floor(index / 4)}.example.test`,
    path: `/app-${index}`,
  }))
}

/** Hosts and paths by turns, none with the other: whichever rule comes first wins, whatever a request's other half is. */
export function makeMixedRoutes(count: number): Route[] {
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0 ? { host: `tenant-${index}.example.test` } : { path: `/app-${index}` },
  )
}

/**
 * Requests for routes all over the set, one in ten for none of them. Every text is new, as texts from a socket are: none has
 * been hashed or looked up before.
 */
export function makeTargets(routes: readonly Route[], count: number): Target[] {
  // A generator of our own, so that every run asks the same.
  let state = 1
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return Array.from({ length: count }, () => {
    const { host, path = '/elsewhere' } = routes[next(routes.length)]!
    const isKnown = next(10) > 0
    const name = host ?? 'nobody.example.test'
    // A request of a route that names a host alone goes wrong by its host.
    const isWrongHost = !isKnown && path === '/elsewhere'
    return { host: fresh(isWrongHost ? `x${name}` : name), path: fresh(`${path}${isKnown ? '/index' : '-unknown'}`) }
  })
}

function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
