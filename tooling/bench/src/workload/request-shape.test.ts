import { expect, test } from 'vitest'
import { createWrkScript } from '../load/wrk-script.ts'
import { SMALL } from './loads.ts'
import { formatRequestHead, formatRequests } from './request-shape.ts'

test('a request has the host of the URL or its own, the headers in order, and its body', () => {
  const shape = {
    method: 'POST',
    targets: [{ path: '/a' }, { path: '/b', host: 'two.test' }],
    headers: [['X-One', '1']],
    bodyBytes: 3,
  } as const
  expect(formatRequests(shape, 'h:1').map(String)).toEqual([
    'POST /a HTTP/1.1\r\nHost: h:1\r\nX-One: 1\r\nContent-Length: 3\r\n\r\nxxx',
    'POST /b HTTP/1.1\r\nHost: two.test\r\nX-One: 1\r\nContent-Length: 3\r\n\r\nxxx',
  ])
})

test('the small request has eight fields after Host', () => {
  const head = formatRequestHead(SMALL.request, SMALL.request.targets[0]!, '127.0.0.1:1')
  expect(head.split('\r\n')).toHaveLength(1 + 1 + 8 + 2)
})

test("wrk's script holds the bytes of each request, quotes and line ends escaped", () => {
  const request = { method: 'GET', targets: [{ path: '/' }], headers: [['A', '"q"']], bodyBytes: 0 } as const
  expect(createWrkScript(request, 'http://h:1/')).toContain(
    String.raw`{ "GET / HTTP/1.1\r\nHost: h:1\r\nA: \"q\"\r\n\r\n" .. body }`,
  )
})
