/** Writes one structured line. */
export interface LogFn {
  (fields: object, message: string): void
  (message: string): void
}

/** What our packages need of a logger; a `pino` logger is one as it stands. */
export interface Logger {
  trace: LogFn
  debug: LogFn
  info: LogFn
  warn: LogFn
  error: LogFn
  /** A logger that stamps `fields` on each of its lines. */
  child(fields: Record<string, unknown>): Logger
}

/** A logger that writes nothing: the default where a caller brings none. */
export const SILENT_LOGGER: Logger = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT_LOGGER,
}
