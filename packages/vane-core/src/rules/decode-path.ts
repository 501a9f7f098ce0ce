import { decodeParsed, quoted, type Decode, type Parsed } from '../schema/decode-scalar.ts'

/** Bytes of a path on Linux. */
const MAX_PATH_BYTES = 4_096

/** The name of a file or folder: relative ones stand in the configuration directory. */
export function decodeFilePath(what: string): Decode<string> {
  return decodeParsed(what, (text) => parseFilePath(text))
}

/** The name of a file or folder that must be absolute: programs are found nowhere else. */
export function decodeAbsolutePath(what: string): Decode<string> {
  return decodeParsed(what, (text) => {
    if (text.startsWith('/') || text === '') return parseFilePath(text)
    const message = `${quoted(text)} is not an absolute path`
    return {
      problem: { code: 'invalid-path', message, suggestion: `write for example ${quoted(`/usr/local/${text}`)}` },
    }
  })
}

function parseFilePath(text: string): Parsed<string> {
  if (text === '') return { problem: { code: 'invalid-path', message: 'a path cannot be empty' } }
  if (text.includes('\0')) return { problem: { code: 'invalid-path', message: 'a path has no NUL' } }
  if (Buffer.byteLength(text) > MAX_PATH_BYTES) {
    const message = `the path ${quoted(text)} exceeds ${MAX_PATH_BYTES} bytes`
    return { problem: { code: 'invalid-path', message } }
  }
  return { value: text }
}
