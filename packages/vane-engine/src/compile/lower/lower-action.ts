import type {
  CollectBody,
  FetchId,
  FetchNode,
  MiddlewareId,
  MiddlewareNode,
  NodeId,
  OnError,
  SymbolicFetch,
} from 'vane-core'
import type { AnalyzedRule, ChainStep } from '../analyze.ts'
import type { GraphBuilder } from './graph-builder.ts'

/**
 * Makes what rules do once they have won: bytes middleware, request middleware, fetch, response middleware, the writing of
 * the response; or a tunnel; or a close. The nodes carry the rule's name.
 *
 * A rule may be reached on several listeners, and with its request's body collected or not: its nodes then differ, its
 * fetch and its stateful middleware are the same.
 */
export class ActionLowering {
  readonly #builder: GraphBuilder
  readonly #callSites = new Map<AnalyzedRule, CallSites>()

  constructor(builder: GraphBuilder) {
    this.#builder = builder
  }

  /** The first node of what a rule does. */
  nodeOf(analyzed: AnalyzedRule, { isRequest, isCollected }: ActionOptions): NodeId {
    const at: Place = { analyzed, sites: this.#sitesOf(analyzed) }
    const { terminate, maxBodyBytesRequest } = analyzed.rule
    const requestChain = analyzed.requestChain.filter(isOnRequest)
    const bytesChain = analyzed.requestChain.filter((step) => !isOnRequest(step))
    const body: CollectBody = { collectBodyBefore: 'request', bodyLimit: maxBodyBytesRequest }
    // Bodies stream until the first step that must see one; from there on it is in memory.
    const firstBody = isCollected ? -2 : requestChain.findIndex((step) => step.middleware.meta.needsBody)
    const end =
      terminate.type === 'close'
        ? this.#close(at)
        : this.#fetch(at, {
            fetch: {
              spec: toSpec(terminate, maxBodyBytesRequest),
              rule: analyzed.rule.name,
              source: analyzed.rule.terminateSource,
            },
            mark: firstBody === -1 && isReplayed(terminate) ? body : undefined,
          })
    const request = this.#chain(at, requestChain, { end, firstBody, body })
    // A rule that is chosen on the connection but does something to requests becomes HTTP between the two.
    const isUpgraded = !isRequest && request !== end
    const afterBytes = isUpgraded ? this.#builder.node({ kind: 'upgrade', next: request }, analyzed.rule.name) : request
    return this.#chain(at, bytesChain, { end: afterBytes, firstBody: -1, body })
  }

  #chain(
    at: Place,
    chain: readonly ChainStep[],
    { end, firstBody, body }: { readonly end: NodeId; readonly firstBody: number; readonly body: CollectBody },
  ): NodeId {
    let next = end
    for (let index = chain.length - 1; index >= 0; index--) {
      const step = chain[index]!
      const node: MiddlewareNode = {
        kind: 'middleware',
        id: this.#middlewareId(at, step),
        next,
        ...(step.onError === undefined ? {} : { onError: this.#failure(at, step, step.onError) }),
        ...(index === firstBody ? body : {}),
      }
      next = this.#builder.node(node, at.analyzed.rule.name)
    }
    return next
  }

  #fetch(
    at: Place,
    { fetch, mark }: { readonly fetch: SymbolicFetch; readonly mark: CollectBody | undefined },
  ): NodeId {
    const { rule, responseChain } = at.analyzed
    const id = (at.sites.fetch ??= this.#builder.fetch(fetch))
    const { type } = fetch.spec
    const isForward = type === 'tcp_forward' || type === 'udp_forward'
    const node: FetchNode = {
      kind: 'fetch',
      id,
      ...(isForward ? {} : { nextResponse: this.#response(at, responseChain) }),
      ...(isForward || type === 'websocket' ? { nextTunnel: this.#tunnel() } : {}),
      ...mark,
    }
    return this.#builder.node(node, rule.name)
  }

  #response(at: Place, chain: readonly ChainStep[]): NodeId {
    const firstBody = chain.findIndex((step) => step.middleware.meta.needsBody)
    const bodyLimit = at.analyzed.rule.maxBodyBytesResponse
    return this.#chain(at, chain, {
      end: this.#writeResponse(),
      firstBody,
      body: { collectBodyBefore: 'response', bodyLimit },
    })
  }

  /** Where a failed middleware leads. A response written there skips the response middleware, as every refusal does. */
  #failure(at: Place, step: ChainStep, onError: OnError): NodeId {
    const { rule } = at.analyzed
    if (onError.kind === 'close') {
      const id = this.#builder.terminator('close')
      return this.#builder.node({ kind: 'terminate', id, cause: 'on-error' }, rule.name)
    }
    const { errors } = at.sites
    const spec = { type: 'synthesize', response: onError.response } as const
    const id = errors.get(step) ?? this.#builder.fetch({ spec, rule: rule.name, source: rule.terminateSource })
    errors.set(step, id)
    return this.#builder.node({ kind: 'fetch', id, nextResponse: this.#writeResponse() }, rule.name)
  }

  #close({ analyzed }: Place): NodeId {
    return this.#builder.node({ kind: 'terminate', id: this.#builder.terminator('close') }, analyzed.rule.name)
  }

  #writeResponse(): NodeId {
    return this.#builder.node({ kind: 'terminate', id: this.#builder.terminator('writeHttpResponse') }, null)
  }

  #tunnel(): NodeId {
    return this.#builder.node({ kind: 'terminate', id: this.#builder.terminator('byteTunnel') }, null)
  }

  #middlewareId({ sites }: Place, step: ChainStep): MiddlewareId {
    const known = sites.middlewares.get(step)
    if (known !== undefined) return known
    const id = this.#builder.middleware(step.middleware)
    sites.middlewares.set(step, id)
    return id
  }

  #sitesOf(analyzed: AnalyzedRule): CallSites {
    const known = this.#callSites.get(analyzed)
    if (known !== undefined) return known
    const sites = {
      fetch: undefined,
      middlewares: new Map<ChainStep, MiddlewareId>(),
      errors: new Map<ChainStep, FetchId>(),
    }
    this.#callSites.set(analyzed, sites)
    return sites
  }
}

/** How a rule was reached. */
export interface ActionOptions {
  /** After `upgrade`. */
  readonly isRequest: boolean
  /** With the request's body in memory. */
  readonly isCollected: boolean
}

/** What a rule has only one of, however often its nodes are made. */
interface CallSites {
  fetch: FetchId | undefined
  readonly middlewares: Map<ChainStep, MiddlewareId>
  readonly errors: Map<ChainStep, FetchId>
}

interface Place {
  readonly analyzed: AnalyzedRule
  readonly sites: CallSites
}

function isOnRequest({ middleware: { meta } }: ChainStep): boolean {
  return meta.kind === 'l7-request' || meta.kind === 'l7-response'
}

/** A program's input has a limit even where it streams, which is the rule's. */
function toSpec(terminate: SymbolicFetch['spec'], maxBodyBytes: number): SymbolicFetch['spec'] {
  return terminate.type === 'cgi' ? { ...terminate, maxBodyBytes } : terminate
}

/** Whether a fetch must have the whole body before it begins, to be able to send it again. */
function isReplayed(spec: SymbolicFetch['spec']): boolean {
  return 'retry' in spec && spec.retry.buffering === 'force' && spec.retry.maxAttempts > 1
}
