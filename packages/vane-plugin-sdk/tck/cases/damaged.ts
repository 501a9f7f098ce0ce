import assert from 'node:assert/strict'

import type { TckCase } from '../case/tck-case.ts'
import type { Trial } from '../case/trial.ts'
import { seededRandom, type Random } from '../case/seeded-random.ts'
import { toComponent } from '../plugin/plugin-source.ts'
import type { WatPluginSpec } from '../plugin/spec.ts'

const SEED = 20_260_401
const MUTANTS = 40
/** Numbers that a count, a size or an index is not expected to be, as LEB128. */
const NASTY: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x7f],
  [0x00],
]

/** A plugin that has something of everything: imports, data, tables, every kind of answer. */
const WHOLE: WatPluginSpec = {
  metadata: { exports: [{ name: 'x', kind: 'l7-request', inspects: ['conn.peer_ip'] }] },
  handlers: {
    'l7-request': [
      { do: 'log', message: { echo: 'uri' }, fields: [['a', 'b']] },
      { do: 'metric-counter', name: 'hits' },
      { answer: 'short', headers: [['a', 'b']], body: [{ echo: 'args' }, { echo: 'context' }] },
    ],
  },
  fields: '(table $t 2 4 funcref) (func $leaf) (elem (table $t) (i32.const 0) func $leaf) (data $d "passive")',
}

type Mutate = (whole: Uint8Array, random: Random) => Uint8Array

const truncate: Mutate = (whole, random) => whole.slice(0, random(whole.length))

const flipBits: Mutate = (whole, random) => {
  const bytes = whole.slice()
  for (let n = 0; n <= random(3); n++) {
    const at = random(bytes.length)
    bytes[at] = bytes[at]! ^ (1 << random(8))
  }
  return bytes
}

const writeNumbers: Mutate = (whole, random) => {
  const bytes = whole.slice()
  const number = NASTY[random(NASTY.length)]!
  // Behind the preamble, or nothing but that would ever be tried.
  bytes.set(number, 8 + random(bytes.length - 8 - number.length))
  return bytes
}

const moveStretches: Mutate = (whole, random) => {
  const from = random(whole.length)
  const stretch = whole.subarray(from, from + 1 + random(200))
  const at = random(whole.length)
  const bytes = new Uint8Array(whole.length + stretch.length)
  bytes.set(whole.subarray(0, at))
  bytes.set(stretch, at)
  bytes.set(whole.subarray(at), at + stretch.length)
  return bytes
}

/** Bytes that once were a plugin. Each case is the same on every run. */
export const DAMAGED_CASES: readonly TckCase[] = [
  damaged('damaged/truncated', 'cut off at any place', truncate),
  damaged('damaged/bit-flipped', 'with some bits flipped', flipBits),
  damaged('damaged/numbers', 'whose counts, sizes and indices are enormous', writeNumbers),
  damaged('damaged/moved', 'in which a stretch is repeated elsewhere', moveStretches),
]

function damaged(name: string, how: string, mutate: Mutate): TckCase {
  return {
    name,
    proves: `${MUTANTS} components ${how} are refused, or called with an outcome like any other`,
    run: async (trial) => {
      const whole = await toComponent(WHOLE)
      const random = seededRandom(SEED)
      for (let n = 0; n < MUTANTS; n++) {
        const mutant = mutate(whole, random)
        try {
          await tryMutant(trial, mutant)
        } catch (error) {
          throw new Error(`with seed ${SEED}, mutant ${n}`, { cause: error })
        }
      }
    },
  }
}

async function tryMutant(trial: Trial, mutant: Uint8Array): Promise<void> {
  const loaded = await trial.tryLoad(mutant)
  if (loaded.tag === 'refused') return
  const [first] = loaded.metadata.exports
  if (first?.kind === 'l7-request') {
    const site = await trial.open(loaded, { name: first.name })
    const { tag } = await site.request('/')
    assert.ok(['decision', 'error', 'trap', 'exhausted'].includes(tag))
  }
  await trial.close()
}
