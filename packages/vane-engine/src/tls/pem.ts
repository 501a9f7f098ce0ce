import { X509Certificate } from 'node:crypto'

/** What a PEM file can hold that matters here. */
export type PemLabel = 'CERTIFICATE' | 'X509 CRL'

/** The blocks of a label in a PEM text, each as PEM of its own; text around them is left out. */
export function pemBlocks(text: string, label: PemLabel): string[] {
  return text.match(new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, 'g')) ?? []
}

/**
 * The certificates in a PEM file.
 *
 * @param name of the file in messages, with what it is.
 * @throws Error where there is none, or one cannot be understood.
 */
export function parseCertificates(
  bytes: Buffer,
  name: string,
): { readonly pem: string; readonly x509: X509Certificate }[] {
  const blocks = pemBlocks(bytes.toString('latin1'), 'CERTIFICATE')
  if (blocks.length === 0) throw new Error(`${name} holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")`)
  return blocks.map((pem, index) => {
    try {
      return { pem, x509: new X509Certificate(pem) }
    } catch (error) {
      throw new Error(`certificate ${index + 1} of ${name} cannot be understood`, { cause: error })
    }
  })
}
