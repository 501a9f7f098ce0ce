import { expect, test } from 'vitest'
import { ResponseReader } from './response-reader.ts'

const RESPONSE = 'HTTP/1.1 201 Created\r\nDate: x\r\ncontent-length: 5\r\n\r\nhello'

test('the end of a response is found wherever it is cut, and the next one after it', () => {
  for (let cut = 1; cut < RESPONSE.length; cut += 1) {
    const reader = new ResponseReader()
    for (let time = 0; time < 2; time += 1) {
      expect(reader.push(Buffer.from(RESPONSE.slice(0, cut)))).toBeUndefined()
      expect(reader.push(Buffer.from(RESPONSE.slice(cut)))).toBe(201)
    }
  }
})

test('bytes after the response and a response without a length are broken', () => {
  expect(new ResponseReader().push(Buffer.from(`${RESPONSE}!`))).toBe(0)
  expect(new ResponseReader().push(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))).toBe(0)
})
