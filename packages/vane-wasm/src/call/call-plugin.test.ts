import { PluginExhaustedError, PluginReturnedError, PluginTrapError } from 'vane-core'
import { describe, expect, test } from 'vitest'

import type { PluginInstance } from '../instance/plugin-instance.ts'
import type { InstancePool } from '../pool/instance-pool.ts'
import { callPlugin, type CallTarget } from './call-plugin.ts'

/** A pool with one instance that answers as it is told, and a record of what happens to it. */
function open(enter: () => unknown): { target: CallTarget<'l4-peek'>; events: string[] } {
  const events: string[] = []
  const instance = {
    enter: () => {
      events.push('enter')
      return enter()
    },
    leave: () => void events.push('leave'),
  } as unknown as PluginInstance
  const pool = {
    acquire: () => instance,
    giveBack: () => void events.push('give back'),
    discard: () => void events.push('discard'),
  } as unknown as InstancePool
  return { target: { pool, kind: 'l4-peek', onDroppedHeaders: () => {} }, events }
}

function thrower(value: unknown): () => never {
  return () => {
    throw value
  }
}

const INPUT = { peek: new Uint8Array(), context: [] }
const CONTINUE = { tag: 'ok', val: { tag: 'continue' } }
const ERROR = { tag: 'err', val: { code: 'c', message: 'm' } }

describe.each([
  ['at once', (value: () => unknown) => value],
  ['later', (value: () => unknown) => async () => Promise.resolve().then(value)],
])('a plugin that answers %s', (_, toEnter) => {
  const outcome = async (target: CallTarget<'l4-peek'>): Promise<unknown> => {
    try {
      return await callPlugin(target, INPUT, undefined)
    } catch (error) {
      return error
    }
  }

  test('with a decision keeps its instance', async () => {
    const { target, events } = open(toEnter(() => ({ tag: 'ok', val: { tag: 'close' } })))
    expect(await outcome(target)).toEqual({ tag: 'close' })
    expect(events).toEqual(['enter', 'leave', 'give back'])
  })

  test('with an error of its own keeps its instance', async () => {
    const { target, events } = open(toEnter(() => ERROR))
    expect(await outcome(target)).toBeInstanceOf(PluginReturnedError)
    expect(events).toEqual(['enter', 'leave', 'give back'])
  })

  test.each<[string, () => unknown]>([
    ['a trap', thrower(new WebAssembly.RuntimeError('unreachable'))],
    ['something that is no decision', () => ({ tag: 'ok', val: { tag: 'short' } })],
    ['an unknown hint', () => ({ tag: 'err', val: { code: 'c', message: 'm', onErrorHint: 'x' } })],
  ])('with %s loses it', async (_name, value) => {
    const { target, events } = open(toEnter(value))
    expect(await outcome(target)).toBeInstanceOf(PluginTrapError)
    expect(events).toEqual(['enter', 'leave', 'discard'])
  })
})

test('no promise where the plugin gives none', () => {
  expect(callPlugin(open(() => CONTINUE).target, INPUT, undefined)).toEqual({ tag: 'continue' })
  expect(() => callPlugin(open(() => ERROR).target, INPUT, undefined)).toThrow(PluginReturnedError)
})

test('a pool that has nothing to give', () => {
  const { target } = open(() => CONTINUE)
  const pool = { ...target.pool, acquire: thrower(new PluginExhaustedError()) }
  expect(() => callPlugin({ ...target, pool }, INPUT, undefined)).toThrow(PluginExhaustedError)
})
