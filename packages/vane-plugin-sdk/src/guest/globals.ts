/**
 * Stand-ins for globals that the engine lacks or that would trap without WASI. The build puts them in wherever a plugin
 * uses the global of that name, and nowhere else.
 */
import { log, nowUnixMs, random } from './host.ts'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

const EngineDate: DateConstructor = globalThis.Date

/** `Date` with the host's clock. */
class HostDate extends EngineDate {
  constructor(...parts: unknown[]) {
    // The engine's own constructor sorts out the other forms.
    super(...((parts.length === 0 ? [nowUnixMs()] : parts) as [number]))
  }

  static override now(): number {
    return nowUnixMs()
  }
}

/** `TextEncoder` without `encodeInto`. */
class Utf8Encoder {
  readonly encoding = 'utf-8'

  encode(text = ''): Uint8Array {
    return encodeUtf8(text)
  }
}

/** `TextDecoder` for UTF-8 alone, without streaming. */
class Utf8Decoder {
  readonly encoding = 'utf-8'

  constructor(label = 'utf-8') {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`only utf-8 can be decoded, not ${label}`)
  }

  decode(bytes: Uint8Array | ArrayBuffer = new Uint8Array()): string {
    return decodeUtf8(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes)
  }
}

function say(level: Parameters<typeof log>[0]): (...parts: unknown[]) => void {
  return (...parts) => {
    log(level, parts.map((part) => (typeof part === 'string' ? part : describe(part))).join(' '))
  }
}

function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

/** `console`, to the host's log. */
const hostConsole: Readonly<
  Record<'trace' | 'debug' | 'log' | 'info' | 'warn' | 'error', (...parts: unknown[]) => void>
> = {
  trace: say('trace'),
  debug: say('debug'),
  log: say('info'),
  info: say('info'),
  warn: say('warn'),
  error: say('error'),
}

/** `Math.random` from the host: the engine's own would start from the same seed in every instance. */
function hostRandom(): number {
  const bytes = random(7)
  let value = 0
  for (const byte of bytes) value = value * 256 + byte
  // 56 bits are more than a fraction holds; the lowest three are cut off.
  return Math.floor(value / 8) / 2 ** 53
}

export {
  HostDate as Date,
  Utf8Encoder as TextEncoder,
  Utf8Decoder as TextDecoder,
  hostConsole as console,
  hostRandom as 'Math.random',
}
