import type { L7RequestInput } from '../../../../packages/vane-core/src/index.ts'
import type { Handler } from '../../../fixtures/src/index.ts'

/** One kind of call, which every subject makes in its own way. */
export interface Scenario {
  readonly name: string
  readonly input: L7RequestInput
  /** What the plugin does, in the fixtures' words. */
  readonly handler: Handler
  /** What it answers, as an Extism plugin writes it. */
  readonly answer: object
}

const HEADERS = {
  host: 'www.example.com',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en-US,en;q=0.5',
  'accept-encoding': 'gzip, deflate, br, zstd',
  referer: 'https://www.example.com/articles/index.html',
  cookie: 'session=8f14e45fceea167a5a36dedd4bea2543; theme=dark',
  'cache-control': 'no-cache',
  'x-request-id': '7b1f9d3c-5a2e-4e8b-9c41-2f6a7d8e9b0c',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  te: 'trailers',
}

/** 12 header fields and 3 entries of the context. */
const REQUEST: L7RequestInput = {
  method: 'GET',
  uri: '/articles/2024/the-answer?page=2&sort=new',
  headers: Object.entries(HEADERS).map(([name, value]) => ({ name, value })),
  context: [
    { path: 'conn.peer_ip', value: { tag: 'text', val: '203.0.113.7' } },
    { path: 'conn.peer_port', value: { tag: 'uint64', val: 51_234n } },
    { path: 'tls.sni', value: { tag: 'text', val: 'www.example.com' } },
  ],
}

const SHORT_HEADERS = [
  ['content-type', 'text/plain; charset=utf-8'],
  ['cache-control', 'no-store'],
] as const
const SHORT_BODY = 'This page is not for you.'

/** What is measured of calls. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'continue', input: REQUEST, handler: { answer: 'continue' }, answer: { tag: 'continue' } },
  {
    name: 'short response',
    input: REQUEST,
    handler: { answer: 'short', status: 403, headers: SHORT_HEADERS, body: SHORT_BODY },
    answer: {
      tag: 'short',
      val: { status: 403, headers: SHORT_HEADERS.map(([name, value]) => ({ name, value })), body: SHORT_BODY },
    },
  },
  {
    name: '64 KiB body',
    input: { ...REQUEST, method: 'POST', body: { data: Buffer.alloc(65_536, 'v'), truncated: false } },
    handler: { answer: 'continue' },
    answer: { tag: 'continue' },
  },
]
