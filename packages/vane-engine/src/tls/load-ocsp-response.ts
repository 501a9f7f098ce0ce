import { quoted } from 'vane-core'
import type { TlsFiles } from './tls-files.ts'

const SEQUENCE = 0x30
/** ENUMERATED of one byte, value `successful` (RFC 6960 §4.2.1). */
const SUCCESSFUL = Buffer.from([0x0a, 0x01, 0x00])

/**
 * Reads an OCSP response, as `openssl ocsp -respout` writes it.
 *
 * @returns DER.
 * @throws Error that names the file and what is wrong with it.
 */
export async function loadOcspResponse(path: string, files: TlsFiles): Promise<Buffer> {
  const bytes = await files.read(path, 'ocsp_path')
  const name = `ocsp_path ${quoted(path)}`
  const lengthBytes = (bytes[1] ?? 0) < 0x80 ? 1 : 1 + (bytes[1]! & 0x7f)
  const status = bytes.subarray(1 + lengthBytes, 1 + lengthBytes + SUCCESSFUL.length)
  if (bytes[0] !== SEQUENCE || status[0] !== SUCCESSFUL[0])
    throw new Error(`${name} holds no OCSP response in DER form`)
  if (!status.equals(SUCCESSFUL)) throw new Error(`${name} holds an OCSP response that says that there is none`)
  return bytes
}
