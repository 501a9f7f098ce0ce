import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PLUGIN_KINDS, PluginExhaustedError, PluginReturnedError, PluginTrapError } from 'vane-core'
import { witDirectory, witSource, worlds } from 'vane-plugin-sdk/build'
import { describe, expect, test } from 'vitest'
import { contextTable } from '../src/context-table.ts'
import { codesOf, tablesUnder, tableUnder } from '../src/read-tables.ts'
import { readPage } from '../src/repository.ts'

const page = await readPage('abi')
const plugin = await readFile(join(witDirectory, 'plugin.wit'), 'utf8')
const host = await readFile(join(witDirectory, 'deps/host.wit'), 'utf8')

/** The braces after `keyword name`, without comments. */
function block(wit: string, keyword: string, name: string): string {
  const body = new RegExp(`^\\s*${keyword} ${name} \\{([^}]*)\\}`, 'm').exec(wit)?.[1]
  if (body === undefined) throw new Error(`there is no ${keyword} ${name}`)
  return body.replaceAll(/\/\/\/.*$/gm, '')
}

/** The names of a record's fields, or of the cases of an enum or variant. */
function namesIn(wit: string, keyword: string, name: string): string[] {
  return [...block(wit, keyword, name).matchAll(/^\s*%?([a-z][a-z0-9-]*)(?:\(|,|:)/gm)].map(([, found]) => found!)
}

const firstCodes = (cells: readonly (readonly string[])[]): string[] => cells.map(([cell = '']) => codesOf(cell)[0]!)
const codesIn = (cell: string | undefined): string[] => codesOf(cell ?? '')

test('the packages and their versions', () => {
  for (const wit of [plugin, host]) {
    const [, name] = /^package (\S+);/m.exec(wit)!
    expect(page).toContain(`\`${name}\``)
  }
})

test('worlds', () => {
  const rows = tableUnder(page, 'Worlds').rows.map(([world, handlers]) => [codesIn(world)[0], codesIn(handlers)])
  const real = worlds.map((world) => [
    world,
    [...block(plugin, 'world', world).matchAll(/export (handler-[a-z0-9-]+)/g)].map(([, name]) => name!),
  ])
  expect(rows).toEqual(real)
})

test('records of the metadata', () => {
  for (const [record, fields] of tableUnder(page, 'Metadata').rows) {
    expect(codesIn(fields)).toEqual(namesIn(plugin, 'record', codesIn(record)[0]!))
  }
})

test('handlers: inputs and decisions', () => {
  const { rows } = tableUnder(page, 'Handlers')
  expect(firstCodes(rows)).toEqual(PLUGIN_KINDS.map((kind) => `handler-${kind}`))
  for (const [name, , input, decisions] of rows) {
    const kind = codesIn(name)[0]!.replace('handler-', '')
    expect(codesIn(input)).toEqual(namesIn(plugin, 'record', `${kind}-input`))
    expect(codesIn(decisions)).toEqual(namesIn(plugin, 'variant', `${kind}-decision`))
  }
})

test('context paths', () => {
  expect(page).toContain(`\n${contextTable()}\n\n`)
})

describe('host', () => {
  const [functions, netErrors] = tablesUnder(page, 'Host functions')

  test('functions', () => {
    const real = [...host.matchAll(/^ {2}([a-z][a-z0-9-]*): func/gm)].map(([, name]) => name!)
    expect(firstCodes(functions!.rows)).toEqual(real)
  })

  test('errors of http-fetch, and levels of the log', () => {
    expect(firstCodes(netErrors!.rows)).toEqual(namesIn(host, 'variant', 'net-error'))
    for (const level of namesIn(host, 'enum', 'log-level')) expect(functions?.rows[1]?.[1]).toContain(`\`${level}\``)
  })
})

test('whatever looks like a name of the contract is one', () => {
  const words = new Set(witSource().match(/[a-z][a-z0-9-]*/g))
  const kebab = codesOf(page).filter((code) => /^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(code))
  // Header names and an answer of WASI are spelt alike.
  const others = new Set([
    'content-length',
    'keep-alive',
    'proxy-connection',
    'transfer-encoding',
    'access-denied',
    'vane-plugin-sdk',
  ])
  expect(kebab.filter((code) => !words.has(code) && !others.has(code))).toEqual([])
})

test('the text forms of errors', () => {
  const errors = [new PluginReturnedError('CODE', 'MESSAGE'), new PluginTrapError('REASON'), new PluginExhaustedError()]
  for (const error of errors) expect(page.replaceAll('\n', ' ')).toContain(`\`${String(error)}\``)
})
