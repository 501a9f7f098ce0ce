import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { connectRaw } from '../support/raw-client.ts'
import { readLlhttpCorpus } from '../support/read-llhttp-corpus.ts'
import { startScriptedUpstream } from '../support/scripted-upstream.ts'
import { openStand, type Stand, statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { NotStrict, readStrictResponses } from '../support/strict-message.ts'
import { until } from '../support/until.ts'

// Its Markdown pages are not copied here: VANE_LLHTTP_DIR names a folder with `request` and `response` of llhttp's `test`.
const dir = process.env.VANE_LLHTTP_DIR
if (dir === undefined) console.warn('skipped: VANE_LLHTTP_DIR names no copy of the test corpus of llhttp')

/**
 * What llhttp refuses because its table of methods does not have them. To us any token is a method, as rules may name any
 * (RFC 9110 §9.1: methods can be added without a change to proxies).
 */
const OF_ITS_METHOD_TABLE = /^Invalid method for HTTP|^Expected space after method/

/** Most of its requests name no host, and would be refused for that alone. */
function withHost(input: string): string {
  return /^host/im.test(input) ? input : input.replace(/^([^\r\n]*\r\n)/, '$1Host: llhttp.test\r\n')
}

describe.skipIf(dir === undefined)('what llhttp refuses of requests is refused', () => {
  let stand: Stand
  beforeAll(async () => {
    stand = await openStand()
  })
  afterAll(() => stand[Symbol.asyncDispose]())

  const cases =
    dir === undefined ? [] : readLlhttpCorpus(dir, 'request').filter(({ reason }) => !OF_ITS_METHOD_TABLE.test(reason))
  test('there are some', () => expect(cases.length).toBeGreaterThan(40))

  const both = cases.flatMap((each) => [
    each,
    { ...each, name: `${each.name}, with a host`, input: withHost(each.input) },
  ])
  test.each(both)('$name: $reason', async ({ input, completeBefore, hasHead }) => {
    stand.upstream.forget()
    using client = await connectRaw(stand.vane.port)
    client.socket.end(Buffer.from(input, 'latin1'))
    const methods = [...input.matchAll(/^[A-Z-]+(?= )/gm)].map(([method]) => method)
    const statuses = readStrictResponses(await client.closed(), methods).map(statusOf)
    expect(statuses.filter((status) => status < 400).length).toBeLessThanOrEqual(completeBefore)
    await until('nothing under way', () => stand.vane.engine.stats().requests.active === 0)
    expect(stand.upstream.requests.length).toBeLessThanOrEqual(completeBefore)
    expect(stand.upstream.faults).toEqual([])
    if (completeBefore === 0 && !hasHead) expect(stand.upstream.received.join('')).toBe('')
  })
})

describe.skipIf(dir === undefined)('what llhttp refuses of responses is refused', () => {
  const cases = dir === undefined ? [] : readLlhttpCorpus(dir, 'response').filter((each) => each.completeBefore === 0)
  test('there are some', () => expect(cases.length).toBeGreaterThan(15))

  test.each(cases)('$name: $reason', async ({ input }) => {
    await using upstream = await startScriptedUpstream({ send: input, by: 'end' })
    await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
    using client = await connectRaw(vane.port)
    client.send('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    const text = await client.closed()
    try {
      const statuses = readStrictResponses(text, ['GET']).map(statusOf)
      // A body that was broken off by a reset may be missing altogether.
      expect(statuses.filter((status) => status !== 502)).toEqual([])
    } catch (error) {
      if (!(error instanceof NotStrict)) throw error
      expect(error.message).toMatch(/^unfinished/)
    }
    await until('upstream connection closed', () => upstream.isClosed(0))
  })
})
