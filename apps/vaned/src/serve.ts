import type { Daemon } from './daemon.ts'
import type { SignalInbox } from './signals.ts'

/** Runs a started daemon until it has ended, acting on signals. Resolves with the exit code. */
export async function serve(daemon: Daemon, inbox: SignalInbox): Promise<number> {
  const release = keepServingOnBugs(daemon)
  void actOnSignals(daemon, inbox)
  const code = await daemon.shutdown.ended
  inbox.close()
  release()
  daemon.flushLog()
  return code
}

async function actOnSignals(daemon: Daemon, inbox: SignalInbox): Promise<void> {
  for (;;) {
    const signal = await inbox.next()
    if (signal === 'SIGHUP') void daemon.reload('signal')
    else if (signal === 'SIGINT' || daemon.shutdown.state === 'draining') daemon.shutdown.now()
    else daemon.shutdown.drain(daemon.drainTimeoutMs)
  }
}

/**
 * An exception that nobody caught is a bug of ours on one connection's path. Ending the process would turn it into an
 * outage for all the others, at the wish of whoever found the bytes that trigger it: it is logged as `internal` instead.
 */
function keepServingOnBugs({ logger }: Daemon): () => void {
  const onException = (error: unknown): void => {
    logger.error({ err: error, kind: 'internal' }, 'a bug in the daemon: an exception was not caught')
  }
  const onRejection = (reason: unknown): void => {
    logger.error({ err: reason, kind: 'internal' }, 'a bug in the daemon: a rejection was not handled')
  }
  process.on('uncaughtException', onException)
  process.on('unhandledRejection', onRejection)
  return () => {
    process.off('uncaughtException', onException)
    process.off('unhandledRejection', onRejection)
  }
}
