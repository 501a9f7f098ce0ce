import { type Header, HeaderList } from 'vane-core'
import type { Flow } from '../executor/flow.ts'
import { isHostOwned } from '../http1/hop-by-hop.ts'
import { fromWireValue, toWireValueUnescaped } from '../http1/wire-value.ts'

/** A message's fields as a plugin sees them: lower-case names, repeats in wire order, values as text. */
export function toPluginHeaders(headers: HeaderList): Header[] {
  const list: Header[] = []
  headers.forEach((name, value) => list.push({ name, value: fromWireValue(value) }))
  return list
}

/** Fields that a plugin gave back, without those that are the host's: these are dropped with a warning. */
export function fromPluginHeaders(list: readonly Header[], flow: Flow, plugin: string): HeaderList {
  const pairs: string[] = []
  let dropped: string[] | undefined
  for (const { name, value } of list) {
    const lowerName = name.toLowerCase()
    if (isHostOwned(lowerName)) (dropped ??= []).push(lowerName)
    else pairs.push(lowerName, toWireValueUnescaped(value))
  }
  if (dropped !== undefined) {
    flow.logger.warn(
      { plugin, connectionId: flow.connection.id, headers: dropped },
      "plugin set header fields that are the proxy's; dropped them",
    )
  }
  return new HeaderList(pairs)
}
