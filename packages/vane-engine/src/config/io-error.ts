/** The system's code of an I/O error, such as `ENOENT`. */
export function errorCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

/** An I/O error in words, without the path and the call that Node puts into its message. */
export function describeIoError(cause: unknown): string {
  const code = errorCode(cause)
  return (code === undefined ? undefined : REASONS[code]) ?? (cause instanceof Error ? cause.message : String(cause))
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links lead in a circle',
  EMFILE: 'too many open files',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is not a directory',
  EPERM: 'permission denied',
}
