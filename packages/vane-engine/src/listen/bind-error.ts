/** What one socket binds to. */
export type BindTarget =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number; readonly ipv6Only: boolean }
  | { readonly kind: 'unix'; readonly path: string }

/** Text form of a target: `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/x.sock`. */
export function toTargetName(target: BindTarget): string {
  if (target.kind === 'unix') return `unix:${target.path}`
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}

/** Says why a socket does not bind, and what to do about it. */
export function toBindMessage(error: NodeJS.ErrnoException, target: BindTarget): string {
  const name = toTargetName(target)
  switch (error.code) {
    case 'EADDRINUSE':
      return target.kind === 'unix'
        ? `${name} is in use by another process: stop that process, or change "listen"`
        : `port ${target.port} is in use by another process (${name}): stop that process, or change "listen"`
    case 'EACCES':
    case 'EPERM':
      return target.kind === 'unix'
        ? `${name} cannot be created: give this user write permission on the folder`
        : `this user may not listen on port ${target.port} (${name}): choose a port from 1024, or grant CAP_NET_BIND_SERVICE`
    case 'EADDRNOTAVAIL':
      return `${name} is no address of this machine: change "listen"`
    case 'ENOENT':
      return `${name} cannot be created: its folder does not exist`
    default:
      return `${name} cannot be listened on: ${error.message}`
  }
}
