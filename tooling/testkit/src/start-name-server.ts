import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A question that a name server was asked. */
export interface NameQuestion {
  readonly name: string
  readonly type: 'A' | 'AAAA' | number
  readonly transport: 'udp' | 'tcp'
  /** The message as it came. */
  readonly message: Buffer
}

/** One record of an answer. */
export interface NameRecord {
  /** Default: the name that was asked for. */
  readonly name?: string
  readonly type: 'A' | 'AAAA' | 'CNAME'
  /** Seconds; default 60. */
  readonly ttl?: number
  /** An address, or a name. */
  readonly value: string
}

/** What a name server says: a message's parts, the bytes themselves, or nothing at all. */
export type NameReply =
  | { readonly rcode?: number; readonly isTruncated?: boolean; readonly records?: readonly NameRecord[] }
  | Buffer
  | undefined

/** A name server on this machine, over UDP and TCP. */
export interface NameServer extends AsyncDisposable {
  /** As rules name it: `127.0.0.1:PORT`. */
  readonly address: string
  /** Everything it was asked. */
  readonly questions: NameQuestion[]
  /** What it says from now on. */
  answer: (question: NameQuestion) => NameReply | Promise<NameReply>
}

/** Response codes (RFC 1035 §4.1.1). */
export const RCODE = { formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5 } as const

const TYPE_NUMBERS = { A: 1, CNAME: 5, AAAA: 28 } as const

/** Starts a name server that says whatever a test wants it to, wrong as it may be. */
export async function startNameServer(answer: NameServer['answer']): Promise<NameServer> {
  const udp = createSocket('udp4')
  const tcp = createServer()
  const sockets = new Set<Socket>()
  const questions: NameQuestion[] = []
  const server: NameServer = {
    address: '',
    questions,
    answer,
    [Symbol.asyncDispose]: async () => {
      udp.close()
      tcp.close()
      for (const socket of sockets) socket.destroy()
      await once(udp, 'close')
    },
  }
  const reply = async (message: Buffer, transport: 'udp' | 'tcp', send: (bytes: Buffer) => void): Promise<void> => {
    const question = toQuestion(message, transport)
    questions.push(question)
    const said = await server.answer(question)
    if (said !== undefined) send(Buffer.isBuffer(said) ? said : toMessage(question, said))
  }
  udp.on('message', (message, { port, address }) => {
    void reply(message, 'udp', (bytes) => udp.send(bytes, port, address))
  })
  tcp.on('connection', (socket) => {
    let bytes = Buffer.alloc(0)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
        const message = bytes.subarray(2, 2 + bytes.readUInt16BE(0))
        bytes = bytes.subarray(2 + message.length)
        void reply(message, 'tcp', (said) => socket.write(Buffer.concat([uint16(said.length), said])))
      }
    })
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  return Object.assign(server, { address: `127.0.0.1:${port}` })
}

/** Answers from a table: addresses by name; a name that is not in it does not exist. */
export function answerFrom(table: Readonly<Record<string, readonly string[]>>, ttl = 60): NameServer['answer'] {
  return ({ name, type }) => {
    const found = table[name]
    if (found === undefined) return { rcode: RCODE.nxDomain }
    const own = found.filter((address) => (address.includes(':') ? 'AAAA' : 'A') === type)
    return { records: own.map((value) => ({ type: value.includes(':') ? 'AAAA' : 'A', ttl, value })) }
  }
}

/** Puts a reply to a question into bytes. */
export function toMessage(
  { message, name }: NameQuestion,
  { rcode = 0, isTruncated = false, records = [] }: Exclude<NameReply, Buffer | undefined>,
): Buffer {
  const flags = 0x8180 | rcode | (isTruncated ? 0x0200 : 0)
  const counts = [1, records.length, 0, 0].map(uint16)
  return Buffer.concat([
    message.subarray(0, 2),
    uint16(flags),
    ...counts,
    message.subarray(12, endOfQuestion(message)),
    ...records.map((record) => toRecord({ name, ...record })),
  ])
}

function toQuestion(message: Buffer, transport: 'udp' | 'tcp'): NameQuestion {
  const labels: string[] = []
  for (let at = 12; message[at]! > 0; at += 1 + message[at]!)
    labels.push(message.toString('latin1', at + 1, at + 1 + message[at]!))
  const type = message.readUInt16BE(endOfQuestion(message) - 4)
  const known = type === TYPE_NUMBERS.A ? 'A' : type === TYPE_NUMBERS.AAAA ? 'AAAA' : type
  return { name: labels.join('.').toLowerCase(), type: known, transport, message: Buffer.from(message) }
}

function endOfQuestion(message: Buffer): number {
  let at = 12
  while (message[at]! > 0) at += 1 + message[at]!
  return at + 5
}

function toRecord({ name = '', type, ttl = 60, value }: NameRecord): Buffer {
  const data = type === 'A' ? Buffer.from(value.split('.').map(Number)) : type === 'AAAA' ? toIp6(value) : toName(value)
  const lifetime = Buffer.alloc(4)
  lifetime.writeUInt32BE(ttl)
  return Buffer.concat([toName(name), uint16(TYPE_NUMBERS[type]), uint16(1), lifetime, uint16(data.length), data])
}

function toName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.from([0])])
}

function toIp6(address: string): Buffer {
  const [before = '', after] = address.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [left, right] = [groups(before), groups(after ?? '')]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return Buffer.concat([...left, ...zeros, ...right].map((group) => uint16(Number.parseInt(group, 16))))
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255])
}
