export { type CertificateRequest, issueCertificate, type IssuedCertificate } from './issue-certificate.ts'
export { issueRevocationList, type RevocationOptions } from './issue-revocation-list.ts'
export {
  answerFrom,
  type NameQuestion,
  type NameRecord,
  type NameReply,
  type NameServer,
  RCODE,
  startNameServer,
  toMessage,
} from './start-name-server.ts'
