import type { HttpResponse } from 'vane-core'

/** Tells whoever sends a response's body that nobody will take it. */
export function discardBody({ body }: HttpResponse, reason: Error): void {
  if (body.kind === 'stream') body.source.cancel(reason)
}
