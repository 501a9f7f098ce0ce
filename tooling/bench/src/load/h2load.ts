import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { findProgram } from '../process/find-program.ts'
import type { LoadClient } from './load-client.ts'
import type { LoadGenerator } from './load-launch.ts'
import { toLoadResult, type LoadResult } from './load-result.ts'
import { TLS_TERMS } from './tls-terms.ts'

/** h2load, for requests over TLS, in HTTP/1.1 or HTTP/2. */
export function createH2load(client: Extract<LoadClient, { kind: 'http1-tls' | 'http2-tls' }>): LoadGenerator {
  const program = findProgram('h2load')
  const version = client.kind === 'http1-tls' ? ['--h1'] : ['-m', String(client.streams)]
  return {
    name: 'h2load',
    missing: program === undefined ? 'h2load is not installed: apt-get install nghttp2-client' : undefined,
    async prepare({ url, request, connections, seconds }, file) {
      if (request.method !== 'GET' || request.bodyBytes > 0) throw new Error('h2load is only made use of for GETs')
      // It would append to that of the run before.
      await rm(file, { force: true })
      return {
        command: program ?? 'h2load',
        args: [
          `--clients=${connections}`,
          `--duration=${seconds}`,
          ...version,
          `--tls13-ciphers=${TLS_TERMS.cipher}`,
          `--groups=${TLS_TERMS.group}`,
          `--log-file=${file}`,
          ...request.headers.flatMap(([name, value]) => ['-H', `${name.toLowerCase()}: ${value}`]),
          ...request.targets.map(({ path }) => new URL(path, url).href),
        ],
      }
    },
    read: (output, file) => parseH2load(output, readFileSync(file, 'utf8')),
  }
}

/**
 * Reads what h2load printed, and its log: a line for each request with its status and the microseconds that it took.
 *
 * @throws if there is no result, or TLS was spoken on other terms than all are to have
 */
export function parseH2load(output: string, log: string): LoadResult {
  const { version, cipher } = TLS_TERMS
  const [, seconds, rate] = /finished in ([\d.]+)s, ([\d.]+) req\/s/.exec(output) ?? []
  const [, errored, timedOut] = /(\d+) errored, (\d+) timeout/.exec(output) ?? []
  const [, good, redirects, refused, broken] =
    /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(output) ?? []
  if (rate === undefined || errored === undefined || good === undefined)
    throw new Error(`h2load gave no result:\n${output}`)
  for (const term of [version, cipher])
    if (!output.includes(`: ${term}\n`)) throw new Error(`TLS was not spoken with ${term}:\n${output}`)
  const latenciesMicros = log.split('\n').flatMap((line) => {
    const [, status, micros] = line.split('\t')
    return Number(status) < 400 ? [Number(micros)] : []
  })
  const errors = [refused, broken, errored, timedOut].reduce((sum, count) => sum + Number(count), 0)
  return {
    ...toLoadResult(latenciesMicros, Number(seconds), errors),
    requests: Number(good) + Number(redirects),
    requestsPerSecond: Number(rate),
  }
}
