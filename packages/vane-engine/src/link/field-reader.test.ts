import { HeaderList, type HttpRequest } from 'vane-core'
import { expect, test } from 'vitest'
import type { Connection } from '../listen/connection.ts'
import { createFieldReader } from './field-reader.ts'

function read(field: string, request: { query?: string; headers?: string[] }): string | number | undefined {
  const message = {
    query: request.query ?? '',
    headers: new HeaderList(request.headers ?? []),
  } as unknown as HttpRequest
  return createFieldReader(field)!({} as Connection, message)
}

test.each<[string, string, string | undefined]>([
  ['', 'q', undefined],
  ['q=1', 'q', '1'],
  ['a=0&q=1&q=2', 'q', '1'],
  ['q', 'q', ''],
  ['q&a=1', 'q', ''],
  ['q=', 'q', ''],
  ['qq=1', 'q', undefined],
  ['a=q', 'q', undefined],
  ['q=a=b', 'q', 'a=b'],
  ['q=%41%c3%a9+b', 'q', 'A\u00e9+b'],
  ['%71=1', 'q', '1'],
  ['q=%zz%4', 'q', '%zz%4'],
  ['&&q=1', 'q', '1'],
  ['q=%ff', 'q', '\\x{FF}'],
])('of the query %j, %s is %j', (query, name, value) => {
  expect(read(`http.query.${name}`, { query })).toBe(value)
})

test.each<[string[], string | undefined]>([
  [[], undefined],
  [['c=1'], '1'],
  [['b=2; c=1; c=3'], '1'],
  [['b=2', 'c=1'], '1'],
  [['cc=1;c'], undefined],
  [['C=1'], undefined],
  [['c=a=b%3B'], 'a=b;'],
])('of the cookies %j, c is %j', (cookies, value) => {
  expect(read('http.cookie.c', { headers: cookies.flatMap((cookie) => ['Cookie', cookie]) })).toBe(value)
})

test('a header is text: UTF-8 where it is that', () => {
  const wire = Buffer.from('\u00e9').toString('latin1')
  expect(read('http.header.x', { headers: ['X', wire] })).toBe('\u00e9')
})
