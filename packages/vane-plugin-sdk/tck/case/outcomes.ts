import assert from 'node:assert/strict'

import type { Outcome, TrapCause } from '../host/host.ts'

/** The body of a `short` decision as text; fails for any other outcome. */
export function bodyOf(outcome: Outcome): string {
  const { decision } = assertDecision(outcome)
  assert.equal(decision.tag, 'short')
  const { body } = decision.val
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
}

/** The message of a `plugin-error`, by which plugins of layer 4 report; fails for any other outcome. */
export function reportOf(outcome: Outcome): string {
  assert.equal(outcome.tag, 'error', describe(outcome))
  return outcome.message
}

/** Fails unless the call was decided. */
export function assertDecision<O extends Outcome>(outcome: O): Extract<O, { tag: 'decision' }> {
  assert.equal(outcome.tag, 'decision', describe(outcome))
  return outcome as Extract<O, { tag: 'decision' }>
}

/** Fails unless the call was ended as a trap, by one of these where the host tells what it was. */
export function assertTrap(outcome: Outcome, ...causes: readonly TrapCause[]): void {
  assert.equal(outcome.tag, 'trap', describe(outcome))
  const { cause, reason } = outcome
  if (cause === undefined || causes.length === 0) return
  assert.ok(causes.includes(cause), `the call was ended by ${cause} (${reason}), not by ${causes.join(' or ')}`)
}

function describe(outcome: Outcome): string {
  switch (outcome.tag) {
    case 'decision':
      return `the call was decided: ${outcome.decision.tag}`
    case 'error':
      return `the plugin answered the error ${outcome.code}: ${outcome.message}`
    case 'trap':
      return `the call was a trap: ${outcome.reason}`
    case 'exhausted':
      return 'no instance was free'
  }
}
