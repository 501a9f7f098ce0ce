export { type CertificateRequest, issueCertificate, type IssuedCertificate } from './issue-certificate.ts'
export { issueRevocationList, type RevocationOptions } from './issue-revocation-list.ts'
