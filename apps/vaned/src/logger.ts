import { pino, type DestinationStream } from 'pino'
import { VaneError, type Logger } from 'vane-core'
import type { LogLevel } from 'vane-engine'

/** Bytes of unread log that are kept for a slow reader; what comes on top is dropped, so that it costs no memory. */
const MAX_BUFFERED_LOG_BYTES = 8 * 1024 * 1024

const STDOUT_FD = 1

/** A logger and the means to empty it before the process ends. */
export interface LogHandle {
  readonly logger: Logger
  /** Writes out what is buffered; blocks. */
  flush(): void
}

/** Logs to standard output: for people on a terminal, JSON lines elsewhere. */
export async function createLogger(level: LogLevel): Promise<LogHandle> {
  const { stdout } = process
  if (stdout.isTTY) {
    const { default: pretty } = await import('pino-pretty')
    const stream = pretty({
      colorize: stdout.hasColors(),
      ignore: 'pid,hostname',
      translateTime: 'SYS:HH:MM:ss.l',
      singleLine: true,
      sync: true,
    })
    return { logger: makeLogger(level, stream), flush: () => {} }
  }
  const destination = pino.destination({ fd: STDOUT_FD, sync: false, maxLength: MAX_BUFFERED_LOG_BYTES })
  // The reader of the pipe is gone: that costs the log, not the proxy.
  destination.on('error', () => {})
  return { logger: makeLogger(level, destination), flush: () => flushQuietly(destination) }
}

/** A `pino` logger that writes errors of ours in their bounded form. */
export function makeLogger(level: LogLevel, destination: DestinationStream): Logger {
  return pino({ level, base: null, serializers: { err: serializeError } }, destination)
}

function serializeError(error: object): object {
  // Put into words already, by whoever found nothing in its stack.
  if (!(error instanceof Error)) return error
  if (!(error instanceof VaneError)) return pino.stdSerializers.err(error)
  // Stacks are for bugs of ours; of an upstream that is down they say nothing.
  return error.kind === 'internal' ? { ...error.toJSON(), stack: error.stack } : error.toJSON()
}

function flushQuietly(destination: { flushSync(): void }): void {
  try {
    destination.flushSync()
  } catch {
    // Nothing was ever written, or nobody reads any more.
  }
}
