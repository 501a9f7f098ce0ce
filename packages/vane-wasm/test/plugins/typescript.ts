import { decide, definePlugin, getContext, PluginFailure } from 'vane-plugin-sdk'
import { args, counter, httpFetch, HttpFetchError, log, nowUnixMs, random } from 'vane-plugin-sdk/host'

let calls = 0

/** A plugin that uses everything the host has, built and run by the tests. */
export default definePlugin({
  name: 'typescript',
  version: '1.2.3',
  exports: {
    request: {
      kind: 'l7-request',
      inspects: ['conn.peer_ip'],
      handle: ({ uri, method, headers, context }) => {
        calls++
        if (uri === '/fail') throw new PluginFailure('no', 'not today', 'internal')
        if (uri === '/throw') throw new TypeError('oh')
        if (uri === '/pass') return decide.continue()
        log('info', 'called', { calls })
        counter('calls', 1, { uri })
        const facts = {
          calls,
          args: args(),
          method,
          headers: headers.map(({ name, value }) => `${name}=${value}`),
          peer: getContext(context, 'conn.peer_ip', 'text'),
          randomLength: random(8).length,
          nowMs: nowUnixMs(),
        }
        return decide.short({ status: 203, headers: { 'X-Facts': 'yes' }, body: JSON.stringify(facts) })
      },
    },
    fetch: {
      kind: 'l7-request',
      handle: () => {
        try {
          const { status, body } = httpFetch('http://api.test/', { method: 'POST', body: 'ping' })
          return decide.short({ status, body })
        } catch (error) {
          return decide.short({ status: 502, body: error instanceof HttpFetchError ? error.message : String(error) })
        }
      },
    },
    response: {
      kind: 'l7-response',
      needsBody: true,
      handle: ({ body, headers }) =>
        decide.modify({
          headers: [...headers, { name: 'x-added', value: '1' }],
          body: body?.data.toReversed() ?? new Uint8Array(),
        }),
    },
  },
})
