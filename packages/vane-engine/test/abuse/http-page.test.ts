import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { exchangeRaw } from '../support/raw-client.ts'
import { startScriptedUpstream } from '../support/scripted-upstream.ts'
import { expectBrokenOff, openStand, type Stand, statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { until } from '../support/until.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/http.md'), 'utf8')

/** Cells of the rows of the one table below a heading. */
function rowsUnder(heading: string): string[][] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(heading)) ?? ''
  return [...section.matchAll(/^\| (.*) \|$/gm)].slice(1).map(([, row]) => row!.split(' | ').map((cell) => cell.trim()))
}

function bytesOf(cell: string): string {
  return cell.slice(1, -1).replaceAll('\\r', '\r').replaceAll('\\n', '\n').replaceAll('\\0', '\0')
}

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const REQUESTS = rowsUnder('Refused requests').filter(([, , example]) => example?.startsWith('`') === true)
const RESPONSES = rowsUnder('Refused responses').map(([what, example]) => [what, example] as const)

test('the tables are there', () => {
  expect(REQUESTS.length).toBeGreaterThan(25)
  expect(RESPONSES.length).toBeGreaterThan(6)
})

test.each(REQUESTS)('%s: %s', async (status, _what, example) => {
  await expectBrokenOff(stand, bytesOf(example), Number(status))
})

test.each(RESPONSES)('a response with %s', async (_what, example) => {
  await using upstream = await startScriptedUpstream({ send: bytesOf(example!) })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  expect(readStrictResponses(text, ['GET']).map(statusOf)).toEqual([502])
  await until('upstream connection closed', () => upstream.isClosed(0))
})
