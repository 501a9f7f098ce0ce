import { parseWat } from 'vane-plugin-sdk/build'

import { Meter } from '../src/instance/meter.ts'
import type { CoreLimits } from '../src/instrument/core-limits.ts'
import { instrument, readCoreModules } from '../src/instrument/instrument.ts'
import { METER_EXPORTS } from '../src/instrument/meter-names.ts'
import type { InstrumentedModule } from '../src/instrument/rewrite-module.ts'

/** Room for whatever a test does not try the limits of. */
export const AMPLE: CoreLimits = { maxMemoryBytes: 64 * 1024 * 1024, maxTableElements: 100_000 }

/** A core module that runs on fuel. */
export interface MeteredCore {
  readonly instrumented: InstrumentedModule
  readonly instance: WebAssembly.Instance
  readonly meter: Meter
  /** Calls an export within a limit. */
  call(name: string, args?: readonly (number | bigint)[], limitMs?: number): unknown
}

/** What a core module is run with. */
export interface CoreOptions {
  readonly limits?: CoreLimits
  readonly imports?: WebAssembly.Imports
  readonly startLimitMs?: number
}

/** Instruments one core module. */
export function instrumentBytes(bytes: Uint8Array, limits: CoreLimits = AMPLE): InstrumentedModule {
  const [instrumented] = instrument(readCoreModules([bytes]), [0], limits)
  if (instrumented === undefined) throw new Error('no module came out')
  return instrumented
}

/** Instruments and instantiates one core module. */
export function meterBytes(bytes: Uint8Array, options: CoreOptions = {}): MeteredCore {
  const instrumented = instrumentBytes(bytes, options.limits)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(instrumented.bytes), options.imports ?? {})
  const meter = new Meter()
  meter.begin(options.startLimitMs ?? 1000)
  meter.arm(instance)
  return {
    instrumented,
    instance,
    meter,
    call: (name, args = [], limitMs = 10) => {
      meter.begin(limitMs)
      return (instance.exports[name] as WebAssembly.ExportedFunction)(...args)
    },
  }
}

/** Instruments the text of one core module. */
export async function instrumentWat(wat: string, limits: CoreLimits = AMPLE): Promise<InstrumentedModule> {
  return instrumentBytes(await parseWat(wat), limits)
}

/** Instruments and instantiates the text of one core module. */
export async function meterWat(wat: string, options: CoreOptions = {}): Promise<MeteredCore> {
  return meterBytes(await parseWat(wat), options)
}

/** Fuel that a call takes, with a tank that it cannot empty. */
export function fuelOf({ instance }: MeteredCore, name: string, args: readonly (number | bigint)[] = []): number {
  const fuel = instance.exports[METER_EXPORTS.fuel] as WebAssembly.Global
  const full = 2 ** 30
  fuel.value = full
  ;(instance.exports[name] as WebAssembly.ExportedFunction)(...args)
  return full - (fuel.value as number)
}
