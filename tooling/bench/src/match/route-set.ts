/** One route of the benchmark: requests for a host, at a path and below it. */
export interface Route {
  readonly host: string
  readonly path: string
}

/** What a request asks for. */
export interface Target {
  readonly host: string
  readonly path: string
}

/** Four applications on each host, each at a path of its own. */
export function makeRoutes(count: number): Route[] {
  return Array.from({ length: count }, (_, index) => ({
    host: `tenant-${Math.floor(index / 4)}.example.test`,
    path: `/app-${index}`,
  }))
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
    const { host, path } = routes[next(routes.length)]!
    const tail = next(10) === 0 ? '-unknown' : '/index'
    return { host: fresh(host), path: fresh(path + tail) }
  })
}

function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
