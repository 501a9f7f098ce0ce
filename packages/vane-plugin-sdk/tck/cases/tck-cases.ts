import type { TckCase } from '../case/tck-case.ts'
import { ARGUMENT_CASES } from './arguments.ts'
import { DECISION_CASES, ERROR_CASES } from './contract-decisions.ts'
import { INPUT_CASES } from './contract-inputs.ts'
import { METADATA_CASES } from './contract-metadata.ts'
import { CPU_CASES } from './cpu.ts'
import { DAMAGED_CASES } from './damaged.ts'
import { POLICY_CASES } from './fetch-policy.ts'
import { FLOOD_CASES } from './floods.ts'
import { HOST_CASES } from './host-functions.ts'
import { FETCH_CASES } from './http-fetch.ts'
import { ISOLATION_CASES } from './isolation.ts'
import { LOADING_CASES } from './loading.ts'
import { MEMORY_CASES } from './memory.ts'
import { REENTRANCE_CASES } from './reentrance.ts'
import { STACK_CASES } from './stack.ts'
import { STATEFUL_CASES } from './stateful.ts'
import { VALUE_CASES } from './values.ts'
import { WASI_CASES } from './wasi.ts'

/** Every case, in the order of the areas. */
export const tckCases: readonly TckCase[] = [
  ...METADATA_CASES,
  ...INPUT_CASES,
  ...DECISION_CASES,
  ...ERROR_CASES,
  ...HOST_CASES,
  ...FETCH_CASES,
  ...POLICY_CASES,
  ...ISOLATION_CASES,
  ...STATEFUL_CASES,
  ...CPU_CASES,
  ...STACK_CASES,
  ...MEMORY_CASES,
  ...VALUE_CASES,
  ...ARGUMENT_CASES,
  ...FLOOD_CASES,
  ...REENTRANCE_CASES,
  ...WASI_CASES,
  ...LOADING_CASES,
  ...DAMAGED_CASES,
]
