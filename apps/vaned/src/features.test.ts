import { SILENT_LOGGER } from 'vane-core'
import { describe, expect, it } from 'vitest'
import {
  FEATURES,
  chooseFeatures,
  openFeatures,
  type FeatureContext,
  type FeatureSpec,
  type OpenFeature,
} from './features.ts'
import { formatVersion } from './version.ts'

const CONTEXT = { logger: SILENT_LOGGER } as FeatureContext

function feature(
  name: string,
  open: () => Promise<OpenFeature> = async () => ({ close: async () => {} }),
): FeatureSpec {
  return { name, summary: `does ${name}`, packageName: `vane-${name}`, load: async () => ({ open }) }
}

function missing(packageName: string): Error {
  return Object.assign(new Error(`Cannot find package '${packageName}' imported from /x.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
}

const ALL = [feature('wasm'), feature('cgi'), feature('h3')]

describe('chooseFeatures', () => {
  it.each([
    [undefined, ['wasm', 'cgi', 'h3']],
    ['', ['wasm', 'cgi', 'h3']],
    ['-cgi', ['wasm', 'h3']],
    [' -cgi , -h3 ', ['wasm']],
    ['cgi', ['cgi']],
    ['cgi,h3,-h3', ['cgi']],
    ['-wasm,-cgi,-h3', []],
  ])('%j wants %j', (list, names) => {
    const { wanted, off } = chooseFeatures(list, 'VANE_FEATURES', ALL)
    expect(wanted.map(({ name }) => name)).toEqual(names)
    expect(off.map(({ name }) => name).toSorted()).toEqual(
      ['wasm', 'cgi', 'h3'].filter((name) => !names.includes(name)).toSorted(),
    )
    for (const { reason } of off) expect(reason).toBe('switched off by VANE_FEATURES')
  })

  it('refuses a name that is no feature', () => {
    expect(() => chooseFeatures('-wsam', '--features', ALL)).toThrow(
      '--features: unknown feature "wsam"; did you mean "wasm"?',
    )
    expect(() => chooseFeatures('-wsam', '--features', ALL)).toThrow(expect.objectContaining({ exitCode: 2 }))
    expect(() => chooseFeatures('zzz', 'VANE_FEATURES', ALL)).toThrow(
      'VANE_FEATURES: unknown feature "zzz"; there are: wasm, cgi, h3',
    )
    expect(() => chooseFeatures('zzz', 'VANE_FEATURES', ALL)).toThrow(expect.objectContaining({ exitCode: 1 }))
  })
})

describe('openFeatures', () => {
  it('leaves a feature off whose package is not installed, and opens the rest', async () => {
    const features = [feature('wasm', () => Promise.reject(missing('vane-wasm'))), feature('cgi')]
    const opened = await openFeatures(chooseFeatures('', 'VANE_FEATURES', features), CONTEXT)
    expect(opened.wasm).toBeUndefined()
    expect(opened.status).toEqual([
      { name: 'cgi', on: true, reason: null },
      { name: 'wasm', on: false, reason: 'the package vane-wasm is not installed' },
    ])
  })

  it('does not take a broken installation for a missing one', async () => {
    const features = [feature('wasm', () => Promise.reject(missing('@bytecodealliance/jco')))]
    await expect(openFeatures(chooseFeatures('', 'VANE_FEATURES', features), CONTEXT)).rejects.toThrow(
      '@bytecodealliance/jco',
    )
  })

  it('closes what was open when a later one fails, and all of them at the end, last first', async () => {
    const closed: string[] = []
    const closing = (name: string): FeatureSpec =>
      feature(name, async () => ({ close: async () => void closed.push(name) }))
    const failing = feature('c', () => Promise.reject(new Error('broken')))
    const choose = (features: FeatureSpec[]) => chooseFeatures('', 'VANE_FEATURES', features)
    await expect(openFeatures(choose([closing('a'), closing('b'), failing]), CONTEXT)).rejects.toThrow('broken')
    expect(closed).toEqual(['b', 'a'])
    const opened = await openFeatures(choose([closing('x'), closing('y')]), CONTEXT)
    await opened.close()
    expect(closed).toEqual(['b', 'a', 'y', 'x'])
  })

  it('loads no file of a feature that is switched off', async () => {
    const loud: FeatureSpec = { ...feature('wasm'), load: () => Promise.reject(new Error('was loaded')) }
    const opened = await openFeatures(chooseFeatures('-wasm', '--features', [loud]), CONTEXT)
    expect(opened.status).toEqual([{ name: 'wasm', on: false, reason: 'switched off by --features' }])
  })
})

describe('formatVersion', () => {
  it('lists each feature with whether it is on', () => {
    const text = formatVersion('1.2.3', chooseFeatures('-h3', '--features', ALL), (name) => name !== 'vane-cgi')
    expect(text).toBe(
      `vaned 1.2.3 (node ${process.versions.node})
features:
  cgi   off  does cgi (the package vane-cgi is not installed)
  h3    off  switched off by --features
  wasm  on   does wasm
`,
    )
  })

  it('knows the real features', () => {
    expect(FEATURES.map(({ name, packageName }) => [name, packageName])).toEqual([
      ['wasm', 'vane-wasm'],
      ['cgi', 'vane-engine'],
    ])
  })
})
