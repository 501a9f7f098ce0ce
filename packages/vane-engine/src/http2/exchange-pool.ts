import type { DeadlineClock } from '../time/deadline-clock.ts'
import type { UpstreamRequest } from '../upstream/upstream-request.ts'
import type { UpstreamTransport } from '../upstream/upstream-transport.ts'
import type { Http2UpstreamExchange } from './upstream-exchange.ts'

/** What an exchange asks of its pool. */
export interface ExchangePool {
  readonly clock: DeadlineClock
  readonly name: string
  readonly scheme: 'http' | 'https'
  readonly fallback: Pick<UpstreamTransport, 'send'> | undefined
  /** Whether the upstream's name is being asked for. */
  readonly isResolving: boolean
  countFailure(): void
  retry(exchange: Http2UpstreamExchange): void
  forget(exchange: Http2UpstreamExchange): void
  onOtherProtocol(request: UpstreamRequest): void
}
