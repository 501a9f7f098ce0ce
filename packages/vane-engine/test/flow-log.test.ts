import { type FlowEvent, toFlowRecord } from 'vane-core'
import { FlowLog } from 'vane-engine'
import { expect, test } from 'vitest'
import { answer, graphOf } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { until } from './support/until.ts'

test('tells what happens on a connection from its beginning to its end', async () => {
  const flowLog = new FlowLog()
  await using vane = await startEngine(graphOf(answer('hi')), { flowLog })
  await exchangeRaw(
    vane.port,
    'GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
  )
  const events = await until('the end of the connection', () => {
    const recent = flowLog.recent()
    return recent.length === 4 && recent
  })
  const records = events.map(toFlowRecord)
  const [{ connection_id: id } = { connection_id: null }] = records
  expect(id).toMatch(/^[0-9a-f]{16}$/)
  const entry = 'tcp:127.0.0.1:0'
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string
  const peer = '127.0.0.1'
  expect(records).toEqual([
    { event: 'upgrade', time, connection_id: id, entry, peer, protocol: 'http/1.1' },
    ...['/1', '/2'].map((target) => ({
      event: 'request',
      time,
      connection_id: id,
      entry,
      rule: 'test',
      method: 'GET',
      target,
      status: 200,
      outcome: 'response',
      duration_ms: expect.any(Number) as number,
      bytes_in: 0,
      bytes_out: 2,
      error: null,
      steps: [
        { node: 1, kind: 'fetch', branch: 'response', micros: expect.any(Number) as number },
        { node: 0, kind: 'terminate', branch: 'end', micros: expect.any(Number) as number },
      ],
      steps_omitted: 0,
    })),
    {
      event: 'terminate',
      time,
      connection_id: id,
      entry,
      peer,
      duration_ms: expect.any(Number) as number,
      requests: 2,
      bytes_in: expect.any(Number) as number,
      bytes_out: expect.any(Number) as number,
    },
  ])
})

test('tells of refused requests and of limits', async () => {
  const flowLog = new FlowLog()
  const limits = { headerTimeoutMs: 50, maxConnPerIp: 1, exemptLoopback: false }
  await using vane = await startEngine(graphOf(answer('hi')), { flowLog, limits })
  using first = await connectRaw(vane.port)
  using second = await connectRaw(vane.port)
  await second.closed()
  first.send('GET / HTTP/1.1\r\n')
  await first.closed()
  const seen = (kind: FlowEvent['event']): FlowEvent[] => flowLog.recent().filter(({ event }) => event === kind)
  await until('the end of the connection', () => seen('terminate').length > 0)
  expect(seen('security_limit')).toMatchObject([
    { limit: 'max_conn_per_ip', peer: '127.0.0.1' },
    { limit: 'header_timeout', peer: '127.0.0.1' },
  ])
  expect(seen('error')).toMatchObject([{ error: expect.stringMatching(/^request refused with 408/) as string }])
})

test('one flow log may serve several engines, and a listener of requests beside it', async () => {
  const flowLog = new FlowLog()
  await using one = await startEngine(graphOf(answer('hi')), { flowLog })
  await using _other = await startEngine(graphOf(answer('hi')), { flowLog })
  await exchangeRaw(one.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  await until('the request', () => one.trajectories.length === 1)
  await one.engine.close()
  expect(flowLog.recent().some(({ event }) => event === 'request')).toBe(true)
})
