import type { Logger, SymbolicFlowGraph, Trajectory } from 'vane-core'
import { createEngine, type Engine, type EngineOptions } from 'vane-engine'

/** One line that an engine logged. */
export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: Record<string, unknown>
}

/** An engine that serves, and what it said. */
export interface StartedEngine extends AsyncDisposable {
  readonly engine: Engine
  /** Of the first listener. */
  readonly port: number
  readonly logs: LogLine[]
  readonly trajectories: Trajectory[]
}

/** Links and starts a graph; the engine ends with its scope. */
export async function startEngine(graph: SymbolicFlowGraph, options: EngineOptions = {}): Promise<StartedEngine> {
  const logs: LogLine[] = []
  const trajectories: Trajectory[] = []
  const engine = createEngine({
    logger: createRecordingLogger(logs),
    onTrajectory: (trajectory) => trajectories.push(trajectory),
    ...options,
  })
  await engine.start(await engine.link(graph))
  return {
    engine,
    port: portOf(engine),
    logs,
    trajectories,
    [Symbol.asyncDispose]: () => engine.close(),
  }
}

/** Port of one of an engine's listeners. */
export function portOf(engine: Engine, index = 0): number {
  return Number(engine.listeners()[index]?.addresses[0]?.split(':').at(-1))
}

/** A logger that keeps what it is told. */
export function createRecordingLogger(logs: LogLine[]): Logger {
  const record =
    (level: string) =>
    (fields: object | string, message?: string): void => {
      logs.push(
        typeof fields === 'string'
          ? { level, message: fields, fields: {} }
          : { level, message: message ?? '', fields: { ...fields } },
      )
    }
  const logger: Logger = {
    trace: record('trace'),
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    child: () => logger,
  }
  return logger
}
